package dev.flowguard.reward.bridge;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.inference.ModelInferResponse;
import dev.flowguard.proto.inference.ModelInferResponse.InferOutputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the scores in what a model answered. Whatever does not fit is an exception, never a number. */
final class OutputTensor {

    private OutputTensor() {}

    /**
     * One score an item: the element {@code index} of those that the item has in the output.
     *
     * @param items how many the model was asked for; the output's shape must be [items] or [items, ...]
     */
    static double[] scores(ModelInferResponse response, KserveProperties.Output wanted, int items)
            throws EndpointException {
        int position = position(response, wanted.name());
        InferOutputTensor output = response.getOutputs(position);
        OutputType type = type(output);
        int each = elementsOfItem(output, items);
        if (wanted.index() >= each) {
            throw new EndpointException("the output %s has %d elements an item: output.index %d is beyond them"
                    .formatted(wanted.name(), each, wanted.index()));
        }
        double[] elements = response.getRawOutputContentsCount() == 0
                ? typed(output, type, items * each)
                : raw(response, position, type, items * each);
        double[] scores = new double[items];
        Arrays.setAll(scores, item -> elements[item * each + wanted.index()]);
        return scores;
    }

    private static int position(ModelInferResponse response, String name) throws EndpointException {
        List<String> names = response.getOutputsList().stream()
                .map(InferOutputTensor::getName)
                .toList();
        int position = names.indexOf(name);
        if (position < 0) {
            throw new EndpointException("the model answered without the output %s; it sent %s".formatted(name, names));
        }
        return position;
    }

    private static OutputType type(InferOutputTensor output) throws EndpointException {
        try {
            return OutputType.valueOf(output.getDatatype());
        } catch (IllegalArgumentException e) {
            throw new EndpointException(
                    "the output %s is of datatype %s; a score is one of %s"
                            .formatted(
                                    output.getName(),
                                    output.getDatatype(),
                                    Arrays.stream(OutputType.values())
                                            .map(Enum::name)
                                            .collect(Collectors.joining(", "))),
                    e);
        }
    }

    private static int elementsOfItem(InferOutputTensor output, int items) throws EndpointException {
        List<Long> shape = output.getShapeList();
        if (shape.isEmpty() || shape.get(0) != items) {
            throw new EndpointException("the output %s has the shape %s; %d items were asked for"
                    .formatted(output.getName(), shape, items));
        }
        try {
            long elements = shape.stream().skip(1).reduce(1L, Math::multiplyExact);
            Math.toIntExact(Math.multiplyExact(elements, (long) items));
            if (elements > 0) {
                return (int) elements;
            }
        } catch (ArithmeticException e) {
            throw new EndpointException("the output %s has the shape %s".formatted(output.getName(), shape), e);
        }
        throw new EndpointException("the output %s has the shape %s".formatted(output.getName(), shape));
    }

    private static double[] typed(InferOutputTensor output, OutputType type, int count) throws EndpointException {
        List<? extends Number> elements = type.elements(output.getContents());
        requireCount(output.getName(), elements.size(), count);
        return elements.stream().mapToDouble(Number::doubleValue).toArray();
    }

    private static double[] raw(ModelInferResponse response, int position, OutputType type, int count)
            throws EndpointException {
        String name = response.getOutputs(position).getName();
        if (position >= response.getRawOutputContentsCount()) {
            throw new EndpointException("the output %s has no contents".formatted(name));
        }
        ByteString contents = response.getRawOutputContents(position);
        if (contents.size() % type.size != 0) {
            throw new EndpointException("the output %s ends within an element".formatted(name));
        }
        requireCount(name, contents.size() / type.size, count);
        ByteBuffer bytes = contents.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        double[] elements = new double[count];
        Arrays.setAll(elements, i -> type.element(bytes));
        return elements;
    }

    private static void requireCount(String name, int count, int wanted) throws EndpointException {
        if (count != wanted) {
            throw new EndpointException(
                    "the output %s has %d elements where its shape says %d".formatted(name, count, wanted));
        }
    }
}
