package dev.flowguard.reward.bridge;

import dev.flowguard.proto.inference.ModelMetadataRequest;
import dev.flowguard.proto.inference.ModelMetadataResponse;
import dev.flowguard.proto.inference.ModelMetadataResponse.TensorMetadata;
import dev.flowguard.proto.inference.ModelReadyRequest;
import dev.flowguard.proto.inference.ServerReadyRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of a model before it is asked for scores.
 *
 * @param version the version that is asked; empty if the server names none
 * @param bytesRank how many dimensions an input of byte strings has: 1 for [N], 2 for [N, 1]
 */
record KserveModel(String version, int bytesRank) {

    /**
     * Asks the server, and holds the settings against what the model takes and gives. Servers that say nothing of inputs or outputs are
     * taken at the settings' word.
     *
     * @throws dev.flowguard.reward.RewardConfigurationException if the two do not fit, or the model is not ready
     * @throws io.grpc.StatusRuntimeException if the server does not answer
     * @throws EndpointException if the credential cannot be read
     */
    static KserveModel inspect(KserveServer server, String model, KserveProperties properties, BridgeSettings settings)
            throws EndpointException {
        settings.require(
                server.call()
                        // The server may be starting at the same time.
                        .withWaitForReady()
                        .serverReady(ServerReadyRequest.getDefaultInstance())
                        .getReady(),
                "target",
                "%s is not ready".formatted(properties.target()));
        String wanted = properties.modelVersion();
        settings.require(
                server.call()
                        .modelReady(ModelReadyRequest.newBuilder()
                                .setName(model)
                                .setVersion(wanted)
                                .build())
                        .getReady(),
                "model",
                "%s is not ready there".formatted(model));
        ModelMetadataResponse metadata = server.call()
                .modelMetadata(ModelMetadataRequest.newBuilder()
                        .setName(model)
                        .setVersion(wanted)
                        .build());
        KserveProperties.Image image = properties.image();
        Optional<TensorMetadata> images =
                named(metadata.getInputsList(), image.name(), image.datatype().name(), "image", settings);
        images.ifPresent(input -> checkImages(input, image, settings));
        Optional<TensorMetadata> prompts = properties.prompt().name().isEmpty()
                ? Optional.empty()
                : named(metadata.getInputsList(), properties.prompt().name(), "BYTES", "prompt", settings);
        named(metadata.getOutputsList(), properties.output().name(), "", "output", settings);
        int rank = prompts.or(() -> images.filter(input -> image.datatype() == ImageType.BYTES))
                .map(TensorMetadata::getShapeCount)
                .orElse(1);
        settings.require(rank == 1 || rank == 2, "model", "takes byte strings of %d dimensions".formatted(rank));
        return new KserveModel(version(metadata.getVersionsList(), wanted, settings), rank);
    }

    private static String version(List<String> versions, String wanted, BridgeSettings settings) {
        if (!wanted.isEmpty()) {
            return wanted;
        }
        settings.require(versions.size() <= 1, "model-version", "is not set; the server has " + versions);
        return versions.isEmpty() ? "" : versions.get(0);
    }

    private static Optional<TensorMetadata> named(
            List<TensorMetadata> offered, String name, String datatype, String key, BridgeSettings settings) {
        if (offered.isEmpty()) {
            return Optional.empty();
        }
        List<String> names = offered.stream().map(TensorMetadata::getName).toList();
        settings.require(names.contains(name), key + ".name", "is %s; the model has %s".formatted(name, names));
        TensorMetadata found = offered.get(names.indexOf(name));
        settings.require(
                datatype.isEmpty() || datatype.equals(found.getDatatype()),
                key,
                "%s is sent as %s; the model takes %s".formatted(name, datatype, found.getDatatype()));
        return Optional.of(found);
    }

    private static void checkImages(TensorMetadata input, KserveProperties.Image image, BridgeSettings settings) {
        if (image.datatype() == ImageType.BYTES) {
            return;
        }
        List<Long> shape = input.getShapeList();
        settings.require(
                shape.size() == 4, "image", "is sent as %s; the model takes %s".formatted(image.layout(), shape));
        boolean channelsLast = image.layout() == ImageLayout.NHWC;
        long channels = shape.get(channelsLast ? 3 : 1);
        long otherwise = shape.get(channelsLast ? 1 : 3);
        long height = shape.get(channelsLast ? 1 : 2);
        long width = shape.get(channelsLast ? 2 : 3);
        settings.require(
                channels == 3 || (channels < 0 && otherwise != 3),
                "image.layout",
                "is %s; the model takes %s".formatted(image.layout(), shape));
        settings.require(
                fits(width, image.width()) && fits(height, image.height()),
                "image.width and height",
                "are to be those of the model, which takes %s".formatted(shape));
    }

    private static boolean fits(long offered, @Nullable Integer wanted) {
        return offered < 0 || (wanted != null && wanted == offered);
    }
}
