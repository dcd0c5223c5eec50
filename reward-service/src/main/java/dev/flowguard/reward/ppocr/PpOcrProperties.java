package dev.flowguard.reward.ppocr;

import dev.flowguard.reward.RewardConfigurationException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of PP-OCR, below {@code flowguard.reward.ocr.pp-ocr}. The files belong together.
 *
 * @param detection ONNX file of the network that finds text; needed
 * @param recognition ONNX file of the network that reads a line; needed
 * @param dictionary the characters that it knows, one a line; absent: those in its own metadata, as {@code character}
 * @param longSide an image whose longer side is longer is shrunk to it before text is looked for ({@code det_limit_side_len})
 * @param threads that one worker's networks compute on
 */
public record PpOcrProperties(
        @Nullable Path detection,
        @Nullable Path recognition,
        @Nullable Path dictionary,
        @DefaultValue("960") int longSide,
        @DefaultValue("1") int threads) {

    public PpOcrProperties {
        require(longSide >= 32 && longSide <= 4096, "long-side must be in 32..4096, not " + longSide);
        require(threads >= 1 && threads <= 256, "threads must be in 1..256, not " + threads);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new RewardConfigurationException("flowguard.reward.ocr.pp-ocr." + message);
        }
    }
}
