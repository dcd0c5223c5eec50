package dev.flowguard.reward.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;

/**
 * A network from one image to tensors, out of an ONNX file, on the CPU.
 *
 * <p>Its one input is fp32 [batch, 3, height, width]; batch, height and width may be fixed or left open, the batch is always one. All weights are
 * in the file, so that its digest says what was run.
 *
 * <p>Thread-safe: one session serves all callers, and each computes on its own thread and on {@code threads − 1} of the session's. The caller
 * closes the model.
 */
public final class OnnxModel implements AutoCloseable {

    private static final int CHANNEL_AXIS = 1;
    private static final int HEIGHT_AXIS = 2;
    private static final int WIDTH_AXIS = 3;

    private final Path file;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final String input;
    private final long[] inputShape;
    private final String sha256;
    /** Held for reading by whoever computes. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private OnnxModel(
            Path file, OrtEnvironment environment, OrtSession session, String input, long[] inputShape, String sha256) {
        this.file = file;
        this.environment = environment;
        this.session = session;
        this.input = input;
        this.inputShape = inputShape;
        this.sha256 = sha256;
    }

    /**
     * Loads a network.
     *
     * @param file of at most 2 GiB
     * @param threads that one {@link #run} computes on, at least 1
     * @param outputs names of outputs that the network must have
     * @throws RewardConfigurationException if the file cannot be read, is no such network, or there is no ONNX Runtime for this platform
     */
    public static OnnxModel open(Path file, int threads, Set<String> outputs) {
        ByteBuffer bytes = map(file);
        String sha256 = new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(bytes.duplicate());
        OrtEnvironment environment;
        try {
            // The first use of the class unpacks and loads the native library.
            environment = OrtEnvironment.getEnvironment();
        } catch (LinkageError | RuntimeException e) {
            throw new RewardConfigurationException(
                    "ONNX Runtime does not load here (%s); it needs Linux with glibc 2.28, macOS on ARM, or Windows"
                            .formatted(oneLine(e)));
        }
        OrtSession session;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            // Threads that spin while they wait make a shared machine many times slower.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            session = environment.createSession(bytes, options);
        } catch (OrtException e) {
            throw new RewardConfigurationException(
                    "%s: is no ONNX network that can be run (%s); its weights must be inside the file"
                            .formatted(file, oneLine(e)));
        }
        try {
            return checked(file, environment, session, sha256, outputs);
        } catch (RuntimeException e) {
            close(session);
            throw e;
        }
    }

    private static OnnxModel checked(
            Path file, OrtEnvironment environment, OrtSession session, String sha256, Set<String> outputs) {
        Map<String, NodeInfo> inputs;
        try {
            inputs = session.getInputInfo();
        } catch (OrtException e) {
            throw new RewardConfigurationException(file + ": its inputs cannot be read: " + oneLine(e));
        }
        if (inputs.size() != 1
                || !(inputs.values().iterator().next().getInfo() instanceof TensorInfo tensor)
                || tensor.type != OnnxJavaType.FLOAT
                || !isImage(tensor.getShape())) {
            throw new RewardConfigurationException(
                    "%s: must have one input, a float32 tensor [1, 3, height, width], but has %s"
                            .formatted(file, inputs.values()));
        }
        List<String> missing = outputs.stream()
                .filter(name -> !session.getOutputNames().contains(name))
                .sorted()
                .toList();
        if (!missing.isEmpty()) {
            throw new RewardConfigurationException(
                    "%s: must have the outputs %s, but has %s: rename them when you export it"
                            .formatted(file, outputs.stream().sorted().toList(), session.getOutputNames()));
        }
        return new OnnxModel(
                file, environment, session, inputs.keySet().iterator().next(), tensor.getShape(), sha256);
    }

    private static boolean isImage(long[] shape) {
        return shape.length == WIDTH_AXIS + 1 && shape[0] <= 1 && (shape[CHANNEL_AXIS] == 3 || shape[CHANNEL_AXIS] < 0);
    }

    /** SHA-256 of the file, in hexadecimal digits. */
    public String sha256() {
        return sha256;
    }

    /**
     * What its maker wrote into the file under a key; empty if nothing.
     *
     * @throws OnnxException if the file's metadata cannot be read
     */
    public Optional<String> metadata(String key) {
        try {
            return Optional.ofNullable(ModelMetadata.of(map(file)).get(key));
        } catch (IOException e) {
            throw new OnnxException(file + ": its metadata cannot be read: " + oneLine(e), e);
        }
    }

    /** The names of its outputs. */
    public Set<String> outputs() {
        return Set.copyOf(session.getOutputNames());
    }

    /** The height that every image must have; empty if any will do. */
    public OptionalInt fixedHeight() {
        return fixed(HEIGHT_AXIS);
    }

    /** The width that every image must have; empty if any will do. */
    public OptionalInt fixedWidth() {
        return fixed(WIDTH_AXIS);
    }

    private OptionalInt fixed(int axis) {
        return inputShape[axis] > 0 ? OptionalInt.of(Math.toIntExact(inputShape[axis])) : OptionalInt.empty();
    }

    /**
     * Runs the network on an image. The caller closes the result.
     *
     * @throws OnnxException if the network fails
     */
    public OnnxResult run(ImageTensor image) {
        use.readLock().lock();
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, image.buffer(), image.shape())) {
            return new OnnxResult(session.run(Map.of(input, tensor)));
        } catch (OrtException | IllegalStateException e) {
            throw new OnnxException(
                    "%s failed on an image of %d x %d: %s"
                            .formatted(file.getFileName(), image.width(), image.height(), oneLine(e)),
                    e);
        } finally {
            use.readLock().unlock();
        }
    }

    /** Frees the network, unless a thread that was left behind still computes: its memory then goes with the process. */
    @Override
    public void close() {
        if (use.writeLock().tryLock()) {
            try {
                close(session);
            } finally {
                use.writeLock().unlock();
            }
        }
    }

    private static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new OnnxException("a network did not close cleanly: " + oneLine(e), e);
        }
    }

    private static ByteBuffer map(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size == 0 || size > Integer.MAX_VALUE) {
                throw new RewardConfigurationException(
                        "%s: has %d bytes; an ONNX file of 1 to 2^31 - 1 can be read".formatted(file, size));
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
        } catch (IOException e) {
            throw new RewardConfigurationException(file + ": cannot be read (" + oneLine(e) + "); check the path");
        }
    }

    private static String oneLine(Throwable e) {
        String message = String.valueOf(e.getMessage());
        return e.getClass().getSimpleName() + ": " + message.lines().findFirst().orElse("");
    }
}
