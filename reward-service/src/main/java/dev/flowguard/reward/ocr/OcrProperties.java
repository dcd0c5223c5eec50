package dev.flowguard.reward.ocr;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ppocr.PpOcrProperties;
import org.springframework.boot.context.properties.bind.ConstructorBinding;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the scorer {@code ocr}, below {@code flowguard.reward.ocr}. All but the last two are Tesseract's; the defaults read small images of one line of text, such as the
 * quickstart's 64 × 32 pixels.
 *
 * @param padding white border in pixels that is put around the image before it is enlarged: Tesseract misses text that touches the edge
 * @param enlarge factor of bicubic enlargement; 1 for none. Tesseract wants capitals of about 30 pixels or more
 * @param pageSegmentationMode Tesseract's {@code --psm}, 0 to 13; 7 takes the image as one line of text
 * @param characterWhitelist the only characters that may be recognised; empty for no restriction
 * @param engine who reads
 * @param ppOcr settings of PP-OCR
 */
public record OcrProperties(
        @DefaultValue("12") int padding,
        @DefaultValue("3") int enlarge,
        @DefaultValue("7") int pageSegmentationMode,
        @DefaultValue("") String characterWhitelist,
        @DefaultValue("tesseract") Engine engine,
        @DefaultValue PpOcrProperties ppOcr) {

    /** Who reads. */
    public enum Engine {
        TESSERACT,
        PP_OCR
    }

    @ConstructorBinding
    public OcrProperties {
        require(padding >= 0 && padding <= 256, "padding must be in 0..256, not " + padding);
        require(enlarge >= 1 && enlarge <= 8, "enlarge must be in 1..8, not " + enlarge);
        require(
                pageSegmentationMode >= 0 && pageSegmentationMode <= 13,
                "page-segmentation-mode must be in 0..13, not " + pageSegmentationMode);
    }

    /** Tesseract with these settings. */
    public OcrProperties(int padding, int enlarge, int pageSegmentationMode, String characterWhitelist) {
        this(
                padding,
                enlarge,
                pageSegmentationMode,
                characterWhitelist,
                Engine.TESSERACT,
                new PpOcrProperties(null, null, null, 960, 1));
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new RewardConfigurationException("flowguard.reward.ocr." + message);
        }
    }
}
