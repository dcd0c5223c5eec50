package dev.flowguard.reward.geneval;

import dev.flowguard.reward.onnx.ImageTensor;
import dev.flowguard.reward.onnx.OnnxException;
import dev.flowguard.reward.onnx.OnnxModel;
import dev.flowguard.reward.onnx.OnnxOutput;
import dev.flowguard.reward.onnx.OnnxResult;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** A detector's network by ONNX Runtime. Its outputs have names, which are checked when it is loaded. */
final class OnnxNetwork implements DetectorNetwork {

    private final OnnxModel model;

    private OnnxNetwork(OnnxModel model) {
        this.model = model;
    }

    static OnnxNetwork open(Path file, int threads) {
        return new OnnxNetwork(OnnxModel.open(file, threads, Set.of(BOXES, SCORES, LABELS)));
    }

    @Override
    public String sha256() {
        return model.sha256();
    }

    @Override
    public OptionalInt fixedWidth() {
        return model.fixedWidth();
    }

    @Override
    public OptionalInt fixedHeight() {
        return model.fixedHeight();
    }

    @Override
    public Map<String, NetworkOutput> run(ImageTensor image, Set<String> wanted) {
        try (OnnxResult result = model.run(image)) {
            Map<String, NetworkOutput> outputs = new HashMap<>();
            for (String name : wanted) {
                result.find(name).ifPresent(output -> outputs.put(name, copyOf(output)));
            }
            return outputs;
        } catch (OnnxException e) {
            throw new DetectorException(String.valueOf(e.getMessage()), e);
        }
    }

    private static NetworkOutput copyOf(OnnxOutput output) {
        return new NetworkOutput(
                IntStream.range(0, output.rank())
                        .mapToObj(axis -> (long) output.size(axis))
                        .toList(),
                output.numbers()::at);
    }

    @Override
    public void close() {
        model.close();
    }
}
