package dev.flowguard.reward.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.inference.InferTensorContents;
import dev.flowguard.proto.inference.ModelInferRequest;
import dev.flowguard.proto.inference.ModelInferResponse;
import dev.flowguard.proto.inference.ModelInferResponse.InferOutputTensor;
import dev.flowguard.proto.inference.ModelMetadataResponse;
import dev.flowguard.proto.inference.ModelMetadataResponse.TensorMetadata;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScoreOutcome.Failed;
import dev.flowguard.reward.ScoreOutcome.Invalid;
import dev.flowguard.reward.ScoreOutcome.Scored;
import dev.flowguard.reward.ScorerWorker;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;

@Timeout(60)
class KserveScorerTest {

    private static final String PREFIX = "flowguard.reward.kserve";

    private static final ModelMetadataResponse BEAUTY = ModelMetadataResponse.newBuilder()
            .setName("beauty")
            .addVersions("3")
            .addInputs(tensor("pixels", "UINT8", -1, -1, -1, 3))
            .addInputs(tensor("text", "BYTES", -1, 1))
            .addOutputs(tensor("scores", "FP32", -1, 2))
            .build();

    /** The score of an item is the sum of its samples, in the second of two columns. */
    private static void sum(ModelInferRequest request, StreamObserver<ModelInferResponse> caller) {
        FakeInferenceServer.answer(caller, sums(request).build());
    }

    @Test
    void sendsTensorsAndReadsTheColumnThatIsNamed() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(2, 1, "ab", "ü")))
                    .containsExactly(
                            new Scored(0x10 + 0x20 + 0x30, Map.of()), new Scored(0x11 + 0x20 + 0x30, Map.of()));
            ModelInferRequest request = server.requests().get(0);
            assertThat(request.getModelName()).isEqualTo("beauty");
            assertThat(request.getInputs(0).getName()).isEqualTo("pixels");
            assertThat(request.getInputs(0).getShapeList()).containsExactly(2L, 1L, 2L, 3L);
            assertThat(request.getRawInputContents(0).toByteArray())
                    .containsExactly(0x10, 0x20, 0x30, 0, 0, 0, 0x11, 0x20, 0x30, 0, 0, 0);
            assertThat(request.getInputs(1).getShapeList()).containsExactly(2L, 1L);
            assertThat(request.getRawInputContents(1).toByteArray())
                    .containsExactly(2, 0, 0, 0, 'a', 'b', 2, 0, 0, 0, 0xc3, 0xbc);
            assertThat(request.getOutputs(0).getName()).isEqualTo("scores");
        }
    }

    @Test
    void normalisesPlanesOfFloats() throws Exception {
        ModelMetadataResponse planes = BEAUTY.toBuilder()
                .setInputs(0, tensor("pixels", "FP32", -1, 3, 1, 2))
                .build();
        try (FakeInferenceServer server = new FakeInferenceServer(planes, KserveScorerTest::sum);
                KserveScorer scorer = open(
                        server,
                        Map.of(
                                "image.datatype", "FP32",
                                "image.layout", "NCHW",
                                "image.width", "2",
                                "image.height", "1",
                                "image.mean", "0.5,0.25,0",
                                "image.std", "0.5,1,2"))) {
            score(scorer, items(2, 1, "a"));
            ModelInferRequest request = server.requests().get(0);
            assertThat(request.getInputs(0).getShapeList()).containsExactly(1L, 3L, 1L, 2L);
            float[] sent = new float[6];
            request.getRawInputContents(0)
                    .asReadOnlyByteBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(sent);
            assertThat(sent)
                    .containsExactly((0x10 / 255f - 0.5f) / 0.5f, -1, 0x20 / 255f - 0.25f, -0.25f, 0x30 / 255f / 2, 0);
            assertThat(scorer.description().getVersion()).contains("FP32.2x1.mean[0.5,0.25,0.0].std[0.5,1.0,2.0]");
        }
    }

    @Test
    void sendsFilesToModelsThatDecodeThemselves() throws Exception {
        ModelMetadataResponse files = BEAUTY.toBuilder()
                .setInputs(0, tensor("pixels", "BYTES", -1))
                .setInputs(1, tensor("text", "BYTES", -1))
                .build();
        try (FakeInferenceServer server = new FakeInferenceServer(
                        files, (request, caller) -> FakeInferenceServer.answer(caller, columns(2, 0.5f, 0.25f)));
                KserveScorer scorer = open(server, Map.of("image.datatype", "BYTES"))) {
            score(scorer, List.of(item(2, 1, "a"), item(3, 3, "b")));
            assertThat(server.requests()).hasSize(1);
            assertThat(server.requests().get(0).getInputs(0).getShapeList()).containsExactly(2L);
            ByteBuffer first = server.requests().get(0).getRawInputContents(0).asReadOnlyByteBuffer();
            assertThat(first.order(ByteOrder.LITTLE_ENDIAN).getInt())
                    .isEqualTo(PngBytes.of(item(2, 1, "a").image()).length);
            assertThat(first.order(ByteOrder.BIG_ENDIAN).getLong()).isEqualTo(0x89504E470D0A1A0AL);
        }
    }

    @Test
    void imagesOfOneSizeTravelTogether() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of())) {
            List<ScoreOutcome> outcomes = score(scorer, List.of(item(1, 1, "a"), item(2, 2, "b"), item(1, 1, "c")));
            assertThat(outcomes).containsOnly(new Scored(0x10 + 0x20 + 0x30, Map.of()));
            assertThat(server.requests())
                    .extracting(request -> request.getInputs(0).getShapeList())
                    .containsExactly(List.of(2L, 1L, 1L, 3L), List.of(1L, 2L, 2L, 3L));
        }
    }

    @Test
    void imagesAreResizedToWhatTheModelTakes() throws Exception {
        BufferedImage plain = new BufferedImage(5, 4, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 20; i++) {
            plain.setRGB(i % 5, i / 5, 0x010203);
        }
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of("image.width", "3", "image.height", "1"))) {
            List<ScoreOutcome> outcomes = score(scorer, List.of(new ScoreItem(plain, "a"), item(3, 1, "b")));
            assertThat(outcomes).containsExactly(new Scored(3 * (1 + 2 + 3), Map.of()), new Scored(0x60, Map.of()));
            assertThat(server.requests()).hasSize(1);
            assertThat(server.requests().get(0).getInputs(0).getShapeList()).containsExactly(2L, 1L, 3L, 3L);
        }
    }

    @ParameterizedTest
    @EnumSource(OutputType.class)
    void readsEveryDatatypeInRawForm(OutputType type) throws Exception {
        ByteBuffer raw = ByteBuffer.allocate(3 * type.size).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : new double[] {1, -2, 3}) {
            switch (type) {
                case FP64 -> raw.putDouble(value);
                case FP32 -> raw.putFloat((float) value);
                case FP16 -> raw.putShort((short) (value == 1 ? 0x3c00 : value == 3 ? 0x4200 : 0xc000));
                case BF16 -> raw.putShort((short) (Float.floatToIntBits((float) value) >>> 16));
                case INT64 -> raw.putLong((long) value);
                case INT32 -> raw.putInt((int) value);
            }
        }
        ModelInferResponse response = ModelInferResponse.newBuilder()
                .addOutputs(output(type.name(), 3))
                .addRawOutputContents(ByteString.copyFrom(raw.flip()))
                .build();
        assertThat(OutputTensor.scores(response, new KserveProperties.Output("scores", 0), 3))
                .containsExactly(1, -2, 3);
    }

    @Test
    void readsHalfPrecisionToItsEnds() {
        assertThat(List.of(0x0001, 0x03ff, 0x7bff, 0x8000, 0x7c00, 0xfc00, 0x7e00).stream()
                        .map(bits -> OutputType.FP16.element(ByteBuffer.allocate(2)
                                .putShort((short) (int) bits)
                                .flip())))
                .containsExactly(
                        0x1p-24,
                        0x3ffp-24,
                        65504.0,
                        -0.0,
                        Double.POSITIVE_INFINITY,
                        Double.NEGATIVE_INFINITY,
                        Double.NaN);
    }

    @Test
    void readsTypedContents() throws Exception {
        ModelInferResponse response = ModelInferResponse.newBuilder()
                .addOutputs(output("FP64", 2).toBuilder()
                        .setContents(InferTensorContents.newBuilder()
                                .addFp64Contents(0.1)
                                .addFp64Contents(0.2)))
                .build();
        assertThat(OutputTensor.scores(response, new KserveProperties.Output("scores", 0), 2))
                .containsExactly(0.1, 0.2);
    }

    /** Every answer that is not two columns of two numbers. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no outputs    | without the output scores; it sent []",
                "other name    | without the output scores; it sent [logits]",
                "too few       | shape [1, 2]; 2 items",
                "too many      | shape [3, 2]; 2 items",
                "one column    | output.index 1 is beyond",
                "no shape      | shape []; 2 items",
                "empty         | shape [2, 0]",
                "overflow      | shape [2, 4611686018427387904, 4]",
                "negative      | shape [2, -2]",
                "short raw     | 3 elements where its shape says 4",
                "torn raw      | ends within an element",
                "short typed   | 0 elements where its shape says 4",
                "strings       | of datatype BYTES",
                "other version | version is 4 but was 3"
            })
    void anAnswerThatDoesNotFitFails(String fault, String message) throws Exception {
        UnaryOperator<ModelInferResponse> spoil = answer -> {
            ModelInferResponse.Builder spoilt = answer.toBuilder();
            InferOutputTensor.Builder output = spoilt.getOutputsBuilder(0);
            switch (fault) {
                case "no outputs" -> spoilt.clearOutputs().clearRawOutputContents();
                case "other name" -> output.setName("logits");
                case "too few" -> output.setShape(0, 1);
                case "too many" -> output.setShape(0, 3);
                case "one column" -> output.setShape(1, 1);
                case "no shape" -> output.clearShape();
                case "empty" -> output.setShape(1, 0);
                case "overflow" -> output.setShape(1, 1L << 62).addShape(4);
                case "negative" -> output.setShape(1, -2);
                case "short raw" ->
                    spoilt.setRawOutputContents(
                            0, spoilt.getRawOutputContents(0).substring(4));
                case "torn raw" ->
                    spoilt.setRawOutputContents(
                            0, spoilt.getRawOutputContents(0).substring(1));
                case "short typed" -> spoilt.clearRawOutputContents();
                case "strings" -> output.setDatatype("BYTES");
                case "other version" -> spoilt.setModelVersion("4");
                default -> throw new AssertionError(fault);
            }
            return spoilt.build();
        };
        try (FakeInferenceServer server = new FakeInferenceServer(
                        BEAUTY,
                        (request, caller) -> FakeInferenceServer.answer(caller, spoil.apply(columns(2, 1, 2, 3, 4))));
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(1, 1, "a", "b"))).hasSize(2).allSatisfy(outcome -> assertThat(
                            ((Failed) outcome).message())
                    .contains(message));
        }
    }

    @Test
    void aScoreThatIsNotFiniteFailsAlone() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(
                        BEAUTY,
                        (request, caller) -> FakeInferenceServer.answer(caller, columns(2, 0, Float.NaN, 0, 7)));
                KserveScorer scorer = open(server, Map.of())) {
            List<ScoreOutcome> outcomes = score(scorer, items(1, 1, "a", "b"));
            assertThat(((Failed) outcomes.get(0)).message()).contains("not finite: NaN");
            assertThat(outcomes.get(1)).isEqualTo(new Scored(7, Map.of()));
        }
    }

    @Test
    void onlyTheItemThatTheServerRefusesIsInvalid() throws Exception {
        try (FakeInferenceServer server = choosy(Status.Code.INVALID_ARGUMENT);
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(1, 1, "a", "bad", "c")))
                    .extracting(outcome -> (Object) outcome.getClass())
                    .containsExactly(Scored.class, Invalid.class, Scored.class);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            names = {"INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"})
    void onlyTheItemThatTheModelFailsOnFails(Status.Code code) throws Exception {
        try (FakeInferenceServer server = choosy(code);
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(1, 1, "a", "bad", "c")))
                    .extracting(outcome -> (Object) outcome.getClass())
                    .containsExactly(Scored.class, Failed.class, Scored.class);
        }
    }

    @Test
    void anEndpointThatIsUnavailableIsNotAskedItemByItem() throws Exception {
        try (FakeInferenceServer server = choosy(Status.Code.UNAVAILABLE);
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(1, 1, "a", "bad", "c"))).hasOnlyElementsOfType(Failed.class);
            assertThat(server.requests()).hasSize(1);
        }
    }

    /** Answers batches with the text "bad" in them by an error. */
    private static FakeInferenceServer choosy(Status.Code code) throws IOException {
        return new FakeInferenceServer(BEAUTY, (request, caller) -> {
            if (request.getRawInputContents(1).toStringUtf8().contains("bad")) {
                caller.onError(code.toStatus().withDescription("bad text").asRuntimeException());
            } else {
                sum(request, caller);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            names = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "NOT_FOUND", "UNAUTHENTICATED"})
    void anyOtherErrorIsTheEndpoints(Status.Code code) throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(
                        BEAUTY,
                        (request, caller) -> caller.onError(code.toStatus()
                                .withDescription("first line\nsecond")
                                .asRuntimeException()));
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(score(scorer, items(1, 1, "a")))
                    .containsExactly(new Failed("model beauty at in-process: %s first line".formatted(code)));
        }
    }

    @Test
    void aServerThatNeverAnswersFails() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, (request, caller) -> {});
                KserveScorer scorer = open(server, Map.of("call.timeout", "200ms"))) {
            assertThat(((Failed) score(scorer, items(1, 1, "a")).get(0)).message())
                    .contains("DEADLINE_EXCEEDED");
        }
    }

    @Test
    void aServerThatClosesFails() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of())) {
            server.close();
            assertThat(score(scorer, items(1, 1, "a"))).first().isInstanceOf(Failed.class);
        }
    }

    @Test
    void describesTheModelThatItFound() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of())) {
            ScorerDescription description = scorer.description();
            assertThat(description.getVersion()).isEqualTo("3+UINT8.scores1");
            assertThat(description.getInputsList())
                    .containsExactly(ScorerInput.SCORER_INPUT_IMAGE, ScorerInput.SCORER_INPUT_PROMPT);
            assertThat(description.getDeterministic()).isFalse();
        }
    }

    @Test
    void takesAModelWithoutDescriptionAtTheSettingsWord() throws Exception {
        ModelMetadataResponse silent =
                ModelMetadataResponse.newBuilder().setName("beauty").build();
        try (FakeInferenceServer server = new FakeInferenceServer(silent, KserveScorerTest::sum);
                KserveScorer scorer = open(server, Map.of())) {
            assertThat(scorer.description().getVersion()).startsWith("unversioned+");
            assertThat(score(scorer, items(1, 1, "a"))).first().isInstanceOf(Scored.class);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model             | ugly  | target in-process does not tell of model ugly: NOT_FOUND: no such model",
                "image.name        | image | image.name is image; the model has [pixels, text]",
                "prompt.name       | p     | prompt.name is p; the model has [pixels, text]",
                "output.name       | score | output.name is score; the model has [scores]",
                "image.datatype    | FP32  | image pixels is sent as FP32; the model takes UINT8",
                "image.layout      | NCHW  | image.layout is NCHW; the model takes [-1, -1, -1, 3]",
                "output.index      | -1    | output.index must not be negative",
                "image.width       | 0     | image.width and height must be at least 1",
                "image.width       | 3     | image needs a width and a height, or neither",
                "image.mean        | 1,2   | image.mean and std are three numbers each",
                "image.mean        | 1,1,1 | image.mean and std need image.datatype=FP32",
                "image.std         | 1,0,1 | image.mean and std must be finite, std positive",
                "call.timeout      | 0s    | call.timeout must be positive, not PT0S"
            })
    void refusesAtTheStartWhatDoesNotFit(String key, String value, String message) throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum)) {
            assertThatThrownBy(() -> open(server, Map.of(key, value)))
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessage(PREFIX + "." + message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | NCHW | image.layout is NCHW; the model takes [-1, 4, 4, 3]",
                "4 | NHWC | image.width and height are to be those of the model, which takes [-1, 4, 4, 3]",
                "3 | NHWC | image is sent as NHWC; the model takes [4, 4, 3]"
            })
    void refusesAtTheStartImagesThatTheModelDoesNotTake(int rank, String layout, String message) throws Exception {
        TensorMetadata input = rank == 4 ? tensor("pixels", "UINT8", -1, 4, 4, 3) : tensor("pixels", "UINT8", 4, 4, 3);
        try (FakeInferenceServer server =
                new FakeInferenceServer(BEAUTY.toBuilder().setInputs(0, input).build(), KserveScorerTest::sum)) {
            assertThatThrownBy(() -> open(server, Map.of("image.layout", layout)))
                    .hasMessage(PREFIX + "." + message);
        }
    }

    @Test
    void refusesServersAndModelsThatAreNotReady() throws Exception {
        try (FakeInferenceServer server = new FakeInferenceServer(BEAUTY, KserveScorerTest::sum)) {
            server.ready(false, true);
            assertThatThrownBy(() -> open(server, Map.of())).hasMessageContaining("target in-process is not ready");
            server.ready(true, false);
            assertThatThrownBy(() -> open(server, Map.of())).hasMessageContaining("model beauty is not ready");
        }
    }

    /** gRPC tells of a name that nobody knows with a stack trace in its message. */
    @Test
    void saysInOneLineThatThereIsNoServer() {
        KserveProperties nowhere = properties(Map.of("target", "dns:///nowhere.invalid:8001", "call.timeout", "300ms"));

        assertThatThrownBy(() -> KserveScorer.open("kserve", PREFIX, nowhere, new DefaultSslBundleRegistry()))
                .isInstanceOf(RewardConfigurationException.class)
                .message()
                .startsWith(PREFIX + ".target dns:///nowhere.invalid:8001 does not tell of model beauty: ")
                .hasLineCount(1);
    }

    @Test
    void wantsToKnowWhichOfSeveralVersions() throws Exception {
        ModelMetadataResponse two = BEAUTY.toBuilder().addVersions("4").build();
        try (FakeInferenceServer server = new FakeInferenceServer(two, KserveScorerTest::sum)) {
            assertThatThrownBy(() -> open(server, Map.of()))
                    .hasMessage(PREFIX + ".model-version is not set; the server has [3, 4]");
            try (KserveScorer scorer = open(server, Map.of("model-version", "4"))) {
                assertThat(scorer.description().getVersion()).startsWith("4+");
            }
        }
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> KserveScorer.open(
                        "kserve", PREFIX, properties(Map.of("target", "")), new DefaultSslBundleRegistry()))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("target is not set");
    }

    private static ModelInferResponse.Builder sums(ModelInferRequest request) {
        byte[] samples = request.getRawInputContents(0).toByteArray();
        int items = (int) request.getInputs(0).getShape(0);
        int each = samples.length / items;
        float[] columns = new float[2 * items];
        for (int item = 0; item < items; item++) {
            columns[2 * item + 1] = IntStream.range(item * each, (item + 1) * each)
                    .map(i -> samples[i] & 0xff)
                    .sum();
        }
        return columns(items, columns).toBuilder();
    }

    private static ModelInferResponse columns(int items, float... values) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            raw.putFloat(value);
        }
        return ModelInferResponse.newBuilder()
                .setModelName("beauty")
                .setModelVersion("3")
                .addOutputs(output("FP32", items, values.length / items))
                .addRawOutputContents(ByteString.copyFrom(raw.flip()))
                .build();
    }

    private static InferOutputTensor output(String datatype, long... shape) {
        return InferOutputTensor.newBuilder()
                .setName("scores")
                .setDatatype(datatype)
                .addAllShape(Arrays.stream(shape).boxed().toList())
                .build();
    }

    private static TensorMetadata tensor(String name, String datatype, long... shape) {
        return TensorMetadata.newBuilder()
                .setName(name)
                .setDatatype(datatype)
                .addAllShape(Arrays.stream(shape).boxed().toList())
                .build();
    }

    private static KserveScorer open(FakeInferenceServer server, Map<String, String> settings) {
        return KserveScorer.open(
                "kserve",
                new BridgeSettings(PREFIX, new DefaultSslBundleRegistry()),
                properties(settings),
                server.channel());
    }

    private static KserveProperties properties(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "target", "in-process",
                "model", "beauty",
                "image.name", "pixels",
                "prompt.name", "text",
                "output.name", "scores",
                "output.index", "1"));
        all.putAll(settings);
        all.values().removeIf(String::isEmpty);
        Map<String, String> prefixed = new HashMap<>();
        all.forEach((key, value) -> prefixed.put(PREFIX + "." + key, value));
        return new Binder(new MapConfigurationPropertySource(prefixed)).bindOrCreate(PREFIX, KserveProperties.class);
    }

    private static List<ScoreItem> items(int width, int height, String... prompts) {
        return IntStream.range(0, prompts.length)
                .mapToObj(i -> {
                    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
                    image.setRGB(0, 0, 0x102030 + (i << 16));
                    return new ScoreItem(image, prompts[i]);
                })
                .toList();
    }

    private static ScoreItem item(int width, int height, String prompt) {
        return items(width, height, prompt).get(0);
    }

    private static List<ScoreOutcome> score(KserveScorer scorer, List<ScoreItem> items) {
        try (ScorerWorker worker = scorer.newWorker()) {
            return worker.scoreBatch(items);
        }
    }
}
