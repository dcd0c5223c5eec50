package dev.flowguard.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the smallest archive that {@code torch::jit::load} accepts: a class without parameters, its source as text.
 *
 * <p>The format is a zip of stored (not deflated) entries: a version, the source, and two pickles, one for the instance and
 * one for the (empty) constants. The pickles are some fifty bytes that we write and nobody reads but libtorch.
 */
final class TorchScriptArchive {

    private static final String ROOT = "operations/";

    /** The file format of PyTorch 1.13 and later. Lower versions select older signatures of operations. */
    private static final String VERSION = "10\n";

    /** Pickle protocol 2: an empty tuple. */
    private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

    private TorchScriptArchive() {}

    /**
     * Archives an instance of a class without fields.
     *
     * @param className the class in the source, without its module {@code __torch__}
     * @param resource the source, beside this class
     * @return the bytes of the archive
     */
    static byte[] ofModule(String className, String resource) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.setMethod(ZipOutputStream.STORED);
            store(zip, "version", VERSION.getBytes(StandardCharsets.US_ASCII));
            store(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            store(zip, "code/__torch__.py", source(resource));
            store(zip, "data.pkl", instanceOf(className));
            store(zip, "constants.pkl", NO_CONSTANTS);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot happen: the archive is written to memory", e);
        }
        return bytes.toByteArray();
    }

    /** Pickle protocol 2: {@code __torch__.<className>.__new__()} with the state {@code {"training": False}}. */
    private static byte[] instanceOf(String className) throws IOException {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickle.write(new byte[] {(byte) 0x80, 2, 'c'});
        pickle.write(("__torch__\n" + className + "\n").getBytes(StandardCharsets.US_ASCII));
        pickle.write(new byte[] {')', (byte) 0x81, '}', '(', 'X', 8, 0, 0, 0});
        pickle.write("training".getBytes(StandardCharsets.US_ASCII));
        pickle.write(new byte[] {(byte) 0x89, 'u', 'b', '.'});
        return pickle.toByteArray();
    }

    private static byte[] source(String resource) throws IOException {
        try (InputStream in = TorchScriptArchive.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(
                        "resource " + resource + " is missing beside " + TorchScriptArchive.class);
            }
            return in.readAllBytes();
        }
    }

    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(ROOT + name);
        entry.setSize(content.length);
        entry.setCompressedSize(content.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
