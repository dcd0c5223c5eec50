package dev.flowguard.reward.geneval;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.onnx.ImageTensor;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import dev.flowguard.tensor.TorchScript;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;

/**
 * A detector's network by libtorch, on the CPU. It returns a dictionary, or a tuple of boxes, scores, labels and masks. Workers take turns: libtorch
 * is parallel inside an operation.
 */
final class TorchScriptNetwork implements DetectorNetwork {

    private static final List<String> TUPLE = List.of(BOXES, SCORES, LABELS, MASKS);
    /** As of the networks by ONNX Runtime: 256 MiB. */
    private static final long MOST_NUMBERS = 1L << 26;

    private final TorchScript script;
    private final Compute compute;
    private final String sha256;

    private TorchScriptNetwork(TorchScript script, Compute compute, String sha256) {
        this.script = script;
        this.compute = compute;
        this.sha256 = sha256;
    }

    static TorchScriptNetwork open(Path file) {
        try {
            String sha256 = new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(file);
            Compute compute = Compute.on(Device.cpu());
            return new TorchScriptNetwork(
                    compute.inference(() -> TorchScript.load(file, Device.cpu())), compute, sha256);
        } catch (InputException e) {
            throw new RewardConfigurationException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new RewardConfigurationException(file + ": cannot be read (" + e + "); check the path", e);
        }
    }

    @Override
    public String sha256() {
        return sha256;
    }

    @Override
    public OptionalInt fixedWidth() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt fixedHeight() {
        return OptionalInt.empty();
    }

    @Override
    public Map<String, NetworkOutput> run(ImageTensor image, Set<String> wanted) {
        try {
            return compute.inference(() -> {
                Tensor input = Tensor.of(Device.cpu(), image.toFloats(), 1, 3, image.height(), image.width());
                Map<String, NetworkOutput> outputs = new HashMap<>();
                script.forward(input, TUPLE).forEach((name, tensor) -> {
                    if (wanted.contains(name)) {
                        outputs.put(name, copyOf(name, tensor));
                    }
                });
                return outputs;
            });
        } catch (InputException e) {
            throw new DetectorException(String.valueOf(e.getMessage()), e);
        }
    }

    private static NetworkOutput copyOf(String name, Tensor tensor) {
        if (tensor.elementCount() > MOST_NUMBERS) {
            throw new DetectorException("the detector's %s hold %d numbers; at most %d can be read"
                    .formatted(name, tensor.elementCount(), MOST_NUMBERS));
        }
        float[] numbers = tensor.toFloats();
        return new NetworkOutput(LongStream.of(tensor.shape()).boxed().toList(), index -> numbers[index]);
    }

    @Override
    public void close() {
        compute.inference(() -> {
            script.close();
            return true;
        });
    }
}
