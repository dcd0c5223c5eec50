package dev.flowguard.reward.bridge;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.inference.ModelInferRequest;
import dev.flowguard.proto.inference.ModelInferRequest.InferInputTensor;
import dev.flowguard.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.flowguard.proto.inference.ModelInferResponse;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.awt.Dimension;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model that is asked by ModelInfer. {@code INVALID_ARGUMENT} is the fault of what was sent. {@code INTERNAL} and {@code UNKNOWN} are what Triton,
 * MLServer and KServe make of an error that the model raises, {@code RESOURCE_EXHAUSTED} what gRPC makes of a request that is larger than the server
 * takes (4 MB in MLServer, 8 MB in KServe): there fewer items may do better. Every other error is the endpoint's. Tensors are sent in raw form.
 */
final class KserveEndpoint implements Endpoint {

    private final KserveServer server;
    private final String modelName;
    private final KserveModel model;
    private final KserveProperties properties;
    private final ImageTensor imageTensor;

    KserveEndpoint(KserveServer server, String modelName, KserveModel model, KserveProperties properties) {
        this.server = server;
        this.modelName = modelName;
        this.model = model;
        this.properties = properties;
        this.imageTensor = new ImageTensor(properties.image());
    }

    @Override
    public List<ScoreOutcome> ask(List<ScoreItem> items) throws BatchRefusedException, EndpointException {
        // A tensor holds images of one size.
        Map<Dimension, List<Integer>> bySize = new LinkedHashMap<>();
        for (int i = 0; i < items.size(); i++) {
            bySize.computeIfAbsent(imageTensor.sentSize(items.get(i).image()), size -> new ArrayList<>())
                    .add(i);
        }
        ScoreOutcome[] outcomes = new ScoreOutcome[items.size()];
        for (List<Integer> ofOneSize : bySize.values()) {
            double[] scores = infer(ofOneSize.stream().map(items::get).toList());
            for (int i = 0; i < scores.length; i++) {
                outcomes[ofOneSize.get(i)] = new ScoreOutcome.Scored(scores[i], Map.of());
            }
        }
        return Arrays.asList(outcomes);
    }

    private double[] infer(List<ScoreItem> items) throws BatchRefusedException, EndpointException {
        ModelInferResponse response = send(request(items));
        String answered = response.getModelVersion();
        if (!answered.isEmpty() && !model.version().isEmpty() && !answered.equals(model.version())) {
            throw new EndpointException(
                    "the model's version is %s but was %s: scores of two versions must not be mixed; restart to take the new one"
                            .formatted(answered, model.version()));
        }
        return OutputTensor.scores(response, properties.output(), items.size());
    }

    private ModelInferRequest request(List<ScoreItem> items) {
        List<BufferedImage> images = items.stream().map(ScoreItem::image).toList();
        ModelInferRequest.Builder request = ModelInferRequest.newBuilder()
                .setModelName(modelName)
                .setModelVersion(properties.modelVersion())
                .addInputs(imageTensor.declare(images.size(), imageTensor.sentSize(images.get(0)), model.bytesRank()))
                .addRawInputContents(imageTensor.raw(images))
                .addOutputs(InferRequestedOutputTensor.newBuilder()
                        .setName(properties.output().name()));
        if (!properties.prompt().name().isEmpty()) {
            request.addInputs(prompts(items.size())).addRawInputContents(rawPrompts(items));
        }
        return request.build();
    }

    private InferInputTensor prompts(int count) {
        InferInputTensor.Builder prompts = InferInputTensor.newBuilder()
                .setName(properties.prompt().name())
                .setDatatype("BYTES")
                .addShape(count);
        return model.bytesRank() == 2 ? prompts.addShape(1).build() : prompts.build();
    }

    private static ByteString rawPrompts(List<ScoreItem> items) {
        return BytesTensor.raw(items.stream()
                .map(item -> item.prompt().getBytes(StandardCharsets.UTF_8))
                .toList());
    }

    private ModelInferResponse send(ModelInferRequest request) throws BatchRefusedException, EndpointException {
        try {
            return server.call().modelInfer(request);
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            String message = "model %s at %s: %s %s"
                    .formatted(
                            modelName,
                            properties.target(),
                            status.getCode(),
                            HttpAnswer.oneLine(status.getDescription()))
                    .strip();
            switch (status.getCode()) {
                case INVALID_ARGUMENT -> throw BatchRefusedException.faulty(message);
                case INTERNAL, UNKNOWN, RESOURCE_EXHAUSTED -> throw BatchRefusedException.failed(message);
                default -> throw new EndpointException(message, e);
            }
        }
    }
}
