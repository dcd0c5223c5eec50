package dev.flowguard.reward.ocr;

/** A way to read text. Thread-safe; the caller closes it after the last of its readers. */
interface OcrEngine extends AutoCloseable {

    /** Opens a reader for the calling thread. */
    TextReader newReader();

    /** What beside the data determines what is read, for the scorer's version. */
    String version();

    /** SHA-256 (32 bytes) over the data that determines what is read. */
    byte[] sha256();

    @Override
    void close();
}
