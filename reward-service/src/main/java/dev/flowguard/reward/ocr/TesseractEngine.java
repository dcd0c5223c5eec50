package dev.flowguard.reward.ocr;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.commons.codec.digest.DigestUtils;

/** The embedded Tesseract with its English data. */
final class TesseractEngine implements OcrEngine {

    private static final String ENGLISH_DATA = "/tessdata/eng.traineddata";

    private final OcrProperties properties;
    private final byte[] languageData = readEnglishData();

    TesseractEngine(OcrProperties properties) {
        this.properties = properties;
    }

    @Override
    public TextReader newReader() {
        return new Tesseract(languageData, properties);
    }

    @Override
    public String version() {
        return "psm%d.pad%d.x%d%s"
                .formatted(
                        properties.pageSegmentationMode(),
                        properties.padding(),
                        properties.enlarge(),
                        properties.characterWhitelist().isEmpty() ? "" : ".only-" + properties.characterWhitelist());
    }

    @Override
    public byte[] sha256() {
        return DigestUtils.sha256(languageData);
    }

    private static byte[] readEnglishData() {
        try (InputStream data = TesseractEngine.class.getResourceAsStream(ENGLISH_DATA)) {
            if (data == null) {
                throw new IllegalStateException(ENGLISH_DATA + " is not on the class path: add the tess4j jar");
            }
            return data.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + ENGLISH_DATA, e);
        }
    }

    @Override
    public void close() {}
}
