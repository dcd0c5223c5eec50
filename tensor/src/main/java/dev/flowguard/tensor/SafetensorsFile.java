package dev.flowguard.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file opened for reading, of any size.
 *
 * <p>Opening reads and checks the header only. {@link #read} copies a tensor once, into libtorch's memory; {@link #map} copies
 * nothing. Neither takes Java heap. Any thread may read.
 */
public final class SafetensorsFile implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;
    private final SafetensorsHeader header;
    private final long dataStart;

    private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header, long dataStart) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        this.dataStart = dataStart;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws InputException if it is missing or unreadable, or its header is not right in every field
     */
    public static SafetensorsFile open(Path path) {
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                return open(path, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new InputException(path + ": no such file: check the path", e);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    /** The names of the tensors, in the order of their bytes. */
    public Set<String> names() {
        return header.tensors().keySet();
    }

    /**
     * What the header says of a tensor.
     *
     * @throws InputException if the file has none of this name
     */
    public TensorInfo info(String name) {
        TensorInfo info = header.tensors().get(name);
        if (info == null) {
            throw new InputException(
                    path + ": tensor '" + name + "' is missing: is this the right file for the model?");
        }
        return info;
    }

    /** The free text of the header, by name; empty if there is none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /**
     * Copies a tensor to a device; it belongs to the current {@link Scope}.
     *
     * @throws InputException if the file has none of this name or can no longer be read
     */
    public Tensor read(String name, Device device) {
        TensorInfo info = info(name);
        long[] position = {dataStart + info.offset()};
        return HostMemory.create(device, info.dtype(), info.sizes(), memory -> {
            memory.put(map(position[0], memory.remaining()));
            position[0] += memory.position();
        });
    }

    /**
     * A tensor of the CPU that lies in the file's pages, where that is possible, and otherwise a copy; it belongs to the current
     * {@link Scope}. The operating system reads the bytes when they are first used, shares them with every process that maps
     * the file, and may take the memory back. For weights that nobody changes: {@link Tensor#assign} refuses.
     *
     * <p>The tensor must stay open until every graph that it went into is gone. The file may be deleted or replaced, but must
     * not be overwritten or cut short: that changes the values, or ends the process.
     *
     * @throws InputException if the file has none of this name or can no longer be read
     */
    public Tensor map(String name) {
        TensorInfo info = info(name);
        long position = dataStart + info.offset();
        boolean aligned = position % info.dtype().bytes() == 0;
        if (!aligned || info.byteCount() == 0 || info.byteCount() > Integer.MAX_VALUE) {
            return read(name, Device.cpu());
        }
        return Tensor.over(map(position, (int) info.byteCount()), info.dtype(), info.sizes());
    }

    /** Closes the file; tensors read from it stay. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private MappedByteBuffer map(long position, int bytes) {
        try {
            return channel.map(FileChannel.MapMode.READ_ONLY, position, bytes);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static SafetensorsFile open(Path path, FileChannel channel) throws IOException {
        String source = path.toString();
        long size = channel.size();
        ByteBuffer prefix = read(channel, 0, (int) Math.min(size, SafetensorsHeader.PREFIX_BYTES));
        int length = SafetensorsHeader.length(prefix, size, source);
        long dataStart = SafetensorsHeader.PREFIX_BYTES + (long) length;
        ByteBuffer json = read(channel, SafetensorsHeader.PREFIX_BYTES, length);
        SafetensorsHeader header = SafetensorsHeader.parse(json, size - dataStart, source);
        return new SafetensorsFile(path, channel, header, dataStart);
    }

    private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("it became shorter while it was read");
            }
        }
        return buffer.flip();
    }

    private static InputException unreadable(Path path, IOException cause) {
        return new InputException(path + ": cannot be read (" + cause.getMessage() + "): check the file", cause);
    }
}
