package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** GenEval over the wire, by two workers that share a detector. Its objects' scores are the first samples of red: a person, a dog. */
@Timeout(120)
class GenEvalServiceTest {

    private static final Path DETECTOR = Path.of("src/test/resources/onnx/detector.onnx");

    @Test
    void scoresByTheMetadataOfEachItem() throws Exception {
        try (RewardService service = start(
                "--flowguard.reward.workers=2",
                "--flowguard.reward.geneval.detector=" + DETECTOR,
                "--flowguard.reward.geneval.mean=0,0,0",
                "--flowguard.reward.geneval.std=255,255,255",
                "--flowguard.reward.geneval.short-side=4",
                "--flowguard.reward.geneval.long-side=8")) {
            assertThat(service.grpcPort()).isEqualTo(-1);
            ManagedChannel channel =
                    InProcessChannelBuilder.forName("geneval-test").build();
            try {
                Answers answers = new Answers();
                StreamObserver<ScoreRequest> items = ScorerGrpc.newStub(channel).score(answers);
                for (int id = 0; id < 20; id++) {
                    items.onNext(item(id, id % 2 == 0 ? "dog" : "kite"));
                }
                items.onNext(item(20, "dog").toBuilder().clearMetadata().build());
                items.onCompleted();
                assertThat(answers.end()).isEqualTo(Status.OK);
                for (int id = 0; id < 20; id++) {
                    assertThat(answers.to(id).getScore().getValue())
                            .as("item %d", id)
                            .isEqualTo(id % 2 == 0 ? 1 : 0);
                }
                assertThat(answers.to(20).getFailure().getKind()).isEqualTo(FailureKind.FAILURE_KIND_INVALID_ITEM);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void withoutADetectorTheServiceSaysWhatItWants() {
        assertThatThrownBy(GenEvalServiceTest::start)
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward.geneval.detector=FILE");
    }

    private static RewardService start(String... settings) {
        String[] all = new String[settings.length + 3];
        all[0] = "--spring.grpc.server.inprocess.name=geneval-test";
        all[1] = "--spring.main.web-application-type=none";
        all[2] = "--flowguard.reward.scorers=geneval";
        System.arraycopy(settings, 0, all, 3, settings.length);
        return RewardService.start(all);
    }

    private static ScoreRequest item(int id, String object) {
        BufferedImage image = new BufferedImage(8, 4, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(1, 0, 0xFF0000);
        EncodedImage png = TestImages.png(image);
        Value clause = Value.newBuilder()
                .setStructValue(Struct.newBuilder()
                        .putFields(
                                "class",
                                Value.newBuilder().setStringValue(object).build())
                        .putFields("count", Value.newBuilder().setNumberValue(1).build()))
                .build();
        return ScoreRequest.newBuilder()
                .setItemId(id)
                .setImage(png)
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "tag",
                                Value.newBuilder()
                                        .setStringValue("single_object")
                                        .build())
                        .putFields(
                                "include",
                                Value.newBuilder()
                                        .setListValue(ListValue.newBuilder().addValues(clause))
                                        .build()))
                .build();
    }
}
