package dev.flowguard.reward.geneval;

import dev.flowguard.reward.onnx.ImageTensor;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** What computes a detector's outputs from an image. Thread-safe; the caller closes it. */
interface DetectorNetwork extends AutoCloseable {

    String BOXES = "boxes";
    String SCORES = "scores";
    String LABELS = "labels";
    String MASKS = "masks";

    /**
     * Loads a network: TorchScript of {@code .pt} or {@code .torchscript}, ONNX of any other name.
     *
     * @param threads that one call of an ONNX network computes on
     * @throws dev.flowguard.reward.RewardConfigurationException if the file cannot be read, or is no such network
     */
    static DetectorNetwork open(Path file, int threads) {
        String name = file.getFileName().toString();
        return name.endsWith(".pt") || name.endsWith(".torchscript")
                ? TorchScriptNetwork.open(file)
                : OnnxNetwork.open(file, threads);
    }

    /** SHA-256 of the file, in hexadecimal digits. */
    String sha256();

    /** The width that every image must have; empty if any will do. */
    OptionalInt fixedWidth();

    /** The height that every image must have; empty if any will do. */
    OptionalInt fixedHeight();

    /**
     * Computes.
     *
     * @param wanted names of outputs
     * @return those of them that the network has
     * @throws DetectorException if the network fails
     */
    Map<String, NetworkOutput> run(ImageTensor image, Set<String> wanted);

    @Override
    void close();
}
