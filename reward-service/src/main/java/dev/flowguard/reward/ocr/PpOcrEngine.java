package dev.flowguard.reward.ocr;

import dev.flowguard.reward.ppocr.PpOcr;
import dev.flowguard.reward.ppocr.PpOcrProperties;
import java.awt.image.BufferedImage;

/** PP-OCR out of files that the user gives. All readers share its networks. */
final class PpOcrEngine implements OcrEngine {

    private final PpOcr ocr;
    private final int longSide;

    PpOcrEngine(PpOcrProperties properties) {
        this.ocr = PpOcr.open(properties);
        this.longSide = properties.longSide();
    }

    @Override
    public TextReader newReader() {
        return new TextReader() {
            @Override
            public String read(BufferedImage image) {
                return ocr.read(image);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public String version() {
        return "pp-ocr.2.%d".formatted(longSide);
    }

    @Override
    public byte[] sha256() {
        return ocr.sha256();
    }

    @Override
    public void close() {
        ocr.close();
    }
}
