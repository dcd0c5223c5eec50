package dev.flowguard.reward.ocr;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.tesseract.TessBaseAPI;
import org.bytedeco.tesseract.global.tesseract;

/** One native Tesseract instance with the LSTM engine. Not thread-safe; the thread that made it closes it. */
final class Tesseract implements TextReader {

    /**
     * Tesseract scales its size heuristics by the resolution, guesses one where it is told none, and complains on standard error. 300 dpi is what its
     * models were trained for.
     */
    private static final int DOTS_PER_INCH = 300;

    private final TessBaseAPI api;
    private final OcrProperties properties;

    /** Loads the language from memory: no file is extracted that another process could replace. */
    Tesseract(byte[] languageData, OcrProperties properties) {
        this.properties = properties;
        api = new TessBaseAPI();
        try (BytePointer data = new BytePointer(languageData);
                BytePointer language = new BytePointer("eng")) {
            // Neither configuration files, nor variables, nor a file reader.
            int failed = api.Init(
                    data,
                    languageData.length,
                    language,
                    tesseract.OEM_LSTM_ONLY,
                    new PointerPointer<BytePointer>(),
                    0,
                    null,
                    null,
                    false,
                    null);
            if (failed != 0) {
                api.close();
                throw new IllegalStateException("Tesseract does not accept its English data");
            }
        }
        api.SetPageSegMode(properties.pageSegmentationMode());
        if (!properties.characterWhitelist().isEmpty()) {
            set("tessedit_char_whitelist", properties.characterWhitelist());
        }
    }

    private void set(String variable, String value) {
        if (!api.SetVariable(variable, value)) {
            throw new IllegalStateException("Tesseract does not know the variable " + variable);
        }
    }

    @Override
    public String read(BufferedImage coloured) {
        GreyImage image = GreyImage.prepare(coloured, properties.padding(), properties.enlarge());
        try (BytePointer samples = new BytePointer(image.samples())) {
            api.SetImage(samples, image.width(), image.height(), 1, image.width());
            api.SetSourceResolution(DOTS_PER_INCH);
            try (BytePointer text = api.GetUTF8Text()) {
                if (text == null) {
                    throw new IllegalStateException("Tesseract failed on the image");
                }
                return text.getString(StandardCharsets.UTF_8).replace("\n", "");
            }
        } finally {
            // Frees the page. The LSTM engine learns nothing from it, so the next image is read as by a new instance.
            api.Clear();
        }
    }

    @Override
    public void close() {
        api.End();
        api.close();
    }
}
