package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.ocr.OcrScorer;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A measurement, not a check: how fast the quickstart's images are read, with {@code -Dflowguard.measure=true}. */
@EnabledIfSystemProperty(named = "flowguard.measure", matches = "true")
class OcrSpeedTest {

    private static final Logger log = LoggerFactory.getLogger(OcrSpeedTest.class);
    private static final int IMAGES = 200;

    private final OcrScorer scorer = new OcrScorer(new OcrProperties(12, 3, 7, ""));

    @Test
    void readsWords() throws Exception {
        List<ScoreItem> words = words();
        onThreads(1, words);
        ThreadMXBean cpu = ManagementFactory.getThreadMXBean();
        long before = cpu.getCurrentThreadCpuTime();
        try (ScorerWorker worker = scorer.newWorker()) {
            worker.scoreBatch(words);
        }
        report("CPU time of one thread", IMAGES, cpu.getCurrentThreadCpuTime() - before);
        for (int threads : List.of(1, 2)) {
            report(threads + " thread(s), in process", IMAGES * threads, onThreads(threads, words));
        }
        report("2 workers, over an in-process RPC", 2 * IMAGES, overRpc(words));
    }

    private long onThreads(int threads, List<ScoreItem> words) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        long start = System.nanoTime();
        try {
            Callable<Integer> all = () -> {
                try (ScorerWorker worker = scorer.newWorker()) {
                    return worker.scoreBatch(words).size();
                }
            };
            for (Future<Integer> scored : executor.invokeAll(Collections.nCopies(threads, all))) {
                assertThat(scored.get()).isEqualTo(IMAGES);
            }
        } finally {
            executor.shutdownNow();
        }
        return System.nanoTime() - start;
    }

    private static long overRpc(List<ScoreItem> words) throws Exception {
        List<ScoreRequest> requests = new ArrayList<>();
        for (int i = 0; i < 2 * IMAGES; i++) {
            ScoreItem word = words.get(i % IMAGES);
            requests.add(ScoreRequest.newBuilder()
                    .setItemId(i)
                    .setPrompt(word.prompt())
                    .setImage(TestImages.png(word.image()))
                    .build());
        }
        try (RewardService service = RewardService.start(
                "--spring.grpc.server.inprocess.name=speed",
                "--spring.main.web-application-type=none",
                "--flowguard.reward.workers=2")) {
            assertThat(service.grpcPort()).isNegative();
            ManagedChannel channel = InProcessChannelBuilder.forName("speed").build();
            long start = System.nanoTime();
            Answers answers = new Answers();
            StreamObserver<ScoreRequest> items = ScorerGrpc.newStub(channel).score(answers);
            requests.forEach(items::onNext);
            items.onCompleted();
            assertThat(answers.end()).isEqualTo(Status.OK);
            long elapsed = System.nanoTime() - start;
            channel.shutdownNow();
            return elapsed;
        }
    }

    private static List<ScoreItem> words() {
        SplittableRandom random = new SplittableRandom(1);
        List<ScoreItem> words = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            String word = TestImages.word(random);
            words.add(new ScoreItem(TestImages.render(word, random), "the word \"%s\"".formatted(word)));
        }
        return words;
    }

    private static void report(String what, int images, long nanos) {
        double millis = nanos / 1e6 / images;
        log.info("{}: {} images/s, {} ms an image", what, Math.round(1000 / millis), Math.round(millis * 100) / 100.0);
    }
}
