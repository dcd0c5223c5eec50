package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.coordination.CoordinatorService;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.JsonLinesFile;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.output.StepRatios;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.MemberResult;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TableRows;
import dev.flowguard.tensor.InputException;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Whole runs on a tiny random pipeline, with a worker by hand over the real wire. */
class TrainingSessionTest {
    private final Path folder;

    TrainingSessionTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private static RunOutcome run(Path recipe, boolean resume, Overrides overrides, Watcher watcher)
            throws IOException {
        return run(recipe, resume, overrides, watcher, Function.identity());
    }

    private static RunOutcome run(
            Path recipe,
            boolean resume,
            Overrides overrides,
            Watcher watcher,
            Function<List<GroupPart>, List<GroupPart>> tamper)
            throws IOException {
        CoordinatorService service = new CoordinatorService();
        TrainingSession session = TrainingSession.open(
                recipe,
                overrides,
                new TrainingSession.Settings(
                        resume,
                        null,
                        2,
                        new Coordinator.Limits(
                                Duration.ofMinutes(5),
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(10),
                                3,
                                100,
                                Duration.ofSeconds(20),
                                Duration.ofSeconds(20))),
                service,
                new SimpleMeterRegistry());
        String name = InProcessServerBuilder.generateName();
        Server server =
                InProcessServerBuilder.forName(name).addService(service).build().start();
        ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
        try (RolloutByHand worker = new RolloutByHand(channel, session.recipe(), tamper)) {
            return session.run(new RunListener() {
                @Override
                public void iterationFinished(IterationReport report) {
                    watcher.seen(session).accept(report.iteration());
                }
            });
        } finally {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    private interface Watcher {
        IntConsumer seen(TrainingSession session);
    }

    private static final Watcher NOBODY = session -> iteration -> {};

    @Test
    void aRunTrainsAndLeavesACompleteFolder() throws IOException {
        Path recipe = TinyRun.write(folder, 3);

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY);

        assertThat(outcome.cause()).isNull();
        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        RunDirectory out = new RunDirectory(folder.resolve("out"));
        List<IterationReport> reports = out.reports();
        assertThat(reports).extracting(IterationReport::iteration).containsExactly(0, 1, 2, 3);
        assertThat(reports.get(0).eval()).containsOnlyKeys("brightness", "gold");
        assertThat(reports.get(1).eval()).isEmpty();
        assertThat(reports.get(3).eval()).containsOnlyKeys("brightness", "gold");
        assertThat(reports.subList(1, 4)).allSatisfy(report -> {
            assertThat(report.rewards()).containsOnlyKeys("brightness");
            IterationReport.Learning learning = Objects.requireNonNull(report.learning());
            // The first-update canary: the ratio is 1 exactly, through the wire and back.
            assertThat(learning.canaryLogRatio()).isEqualTo(0.0);
            assertThat(learning.skippedUpdates()).isZero();
            assertThat(learning.klToReference()).isNotNull();
            assertThat(learning.steps()).extracting(StepRatios::step).containsExactly(0, 1, 2);
            assertThat(learning.steps())
                    .anySatisfy(step -> assertThat(step.logRatioStd()).isPositive());
            assertThat(Objects.requireNonNull(learning.clip()).ratio()).isEqualTo("ratio-norm");
            assertThat(learning.steps().stream()
                            .map(step -> Objects.requireNonNull(step.observed()))
                            .mapToDouble(StepRatios.Observed::gradientShare)
                            .sum())
                    .isEqualTo(1, within(1e-9));
            assertThat(learning.steps()).allSatisfy(step -> {
                StepRatios.Observed observed = Objects.requireNonNull(step.observed());
                StepRatios.Histogram histogram =
                        Objects.requireNonNull(observed.normalised().histogram());
                // The second update's alone: two groups of four. In the first all ratios are 1.
                assertThat(histogram.counts().stream()
                                .mapToLong(Long::longValue)
                                .sum())
                        .isEqualTo(2 * 4);
                assertThat(observed.gaining().members() + observed.losing().members())
                        .isBetween(2L, 8L);
            });
        });
        assertThat(Files.readAllLines(out.ledger())).hasSize(3 * 3 + 3 * 2);
        assertThat(out.samplesBefore()).hasSize(3).extracting("seed").isEqualTo(seeds(out.samplesAfter()));
        for (Path adapter : List.of(out.adapter(), out.emaAdapter())) {
            assertThat(adapter.resolve("pytorch_lora_weights.safetensors")).isNotEmptyFile();
            assertThat(adapter.resolve("adapter_model.safetensors")).isNotEmptyFile();
            assertThat(adapter.resolve("adapter_config.json")).isNotEmptyFile();
        }
        assertThat(out.checkpoints())
                .isDirectoryNotContaining("glob:**/000001")
                .isDirectoryContaining("glob:**/000003");
        assertThatThrownBy(() -> run(recipe, false, Overrides.none(), NOBODY))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("--resume");
    }

    @Test
    void withCheckpointingAndMicroBatchesTheFirstRatioIsStillOne() throws IOException {
        Path recipe = TinyRun.write(folder, 2);
        Files.writeString(
                recipe,
                Files.readString(recipe)
                        .replace("width: 8}", "width: 8, gradient_checkpointing: true}")
                        .replace("per_iteration: 3}", "per_iteration: 3, micro_batch_size: 3}"));

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY);

        assertThat(outcome.cause()).isNull();
        assertThat(new RunDirectory(folder.resolve("out")).reports().subList(1, 3))
                .allSatisfy(report -> assertThat(
                                Objects.requireNonNull(report.learning()).canaryLogRatio())
                        .isEqualTo(0.0));
    }

    private static List<Long> seeds(List<KeptSample> samples) {
        return samples.stream().map(sample -> sample.seed()).toList();
    }

    @Test
    void aRunThatWasStoppedAndResumedIsTheRunThatNeverStopped() throws IOException {
        Path recipe = TinyRun.write(folder, 4);
        Path straight = folder.resolve("straight");
        Path broken = folder.resolve("broken");
        run(recipe, false, into(straight), NOBODY);

        RunOutcome stopped = run(recipe, false, into(broken), session -> iteration -> {
            if (iteration == 1) {
                session.requestStop();
            }
        });
        assertThat(stopped.status()).isEqualTo(RunOutcome.Status.STOPPED);
        assertThat(stopped.iterations()).isEqualTo(1);
        assertThat(broken.resolve("adapter/adapter_model.safetensors")).isNotEmptyFile();
        RunOutcome resumed = run(recipe, true, into(broken), NOBODY);

        assertThat(resumed.status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(curve(broken)).isEqualTo(curve(straight));
        for (String file : List.of(
                "adapter/adapter_model.safetensors",
                "adapter-ema/adapter_model.safetensors",
                "checkpoints/000004/optimizer.safetensors")) {
            assertThat(broken.resolve(file)).hasSameBinaryContentAs(straight.resolve(file));
        }
        assertThat(Files.readAllLines(broken.resolve("ledger.jsonl")))
                .containsExactlyInAnyOrderElementsOf(Files.readAllLines(straight.resolve("ledger.jsonl")));
    }

    /** INVARIANT: the adapter is that of the last line, however the run was stopped. */
    @Test
    void aRunThatIsStoppedWithinAnEvaluationHasTheLineOfItsIteration() throws IOException {
        Path recipe = TinyRun.write(folder, 4);
        Path straight = folder.resolve("straight");
        Path broken = folder.resolve("broken");
        run(recipe, false, into(straight), NOBODY);
        AtomicReference<TrainingSession> running = new AtomicReference<>();

        RunOutcome stopped = run(
                recipe,
                false,
                into(broken),
                session -> {
                    running.set(session);
                    return iteration -> {};
                },
                parts -> {
                    GroupHeader header = parts.get(0).getHeader();
                    if (header.getLatentRows() == 0 && header.getPolicyVersion() == 2) {
                        Objects.requireNonNull(running.get()).requestStop();
                    }
                    return parts;
                });

        assertThat(stopped.status()).isEqualTo(RunOutcome.Status.STOPPED);
        assertThat(stopped.iterations()).isEqualTo(2);
        List<IterationReport> lines = new RunDirectory(broken).reports();
        assertThat(lines).extracting(IterationReport::iteration).containsExactly(0, 1, 2);
        assertThat(lines.get(2).eval()).isEmpty();
        assertThat(broken.resolve("adapter/adapter_model.safetensors"))
                .hasSameBinaryContentAs(broken.resolve("checkpoints/000002/adapter.safetensors"));

        assertThat(run(recipe, true, into(broken), NOBODY).status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(curve(broken)).isEqualTo(curve(straight));
    }

    @Test
    void aRunDoesNotGoOnWithOtherPrompts() throws IOException {
        Path recipe = TinyRun.write(folder, 1);
        run(recipe, false, Overrides.none(), NOBODY);
        Files.writeString(folder.resolve("train.txt"), "a sign\nsign\na\n");

        assertThatThrownBy(() -> run(recipe, true, Overrides.none(), NOBODY))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("train.txt: has changed since the run began");
    }

    private Path replaying(int iterations) throws IOException {
        Path recipe = TinyRun.write(folder, iterations);
        return Files.writeString(
                recipe, "experimental_replay: {groups: 2, max_age: 2, late_share: 0.4}\n", StandardOpenOption.APPEND);
    }

    @Test
    void groupsAreReplayedAsIfThePolicyHadSampledThemNow() throws IOException {
        RunOutcome outcome = run(replaying(4), false, Overrides.none(), NOBODY);

        assertThat(outcome.cause()).isNull();
        List<IterationReport.Learning> learned = new RunDirectory(folder.resolve("out"))
                .reports().stream()
                        .skip(1)
                        .map(report -> Objects.requireNonNull(report.learning()))
                        .toList();
        assertThat(learned)
                .extracting(
                        learning -> Objects.requireNonNull(learning.replay()).groups())
                .containsExactly(0, 2, 2, 2);
        // Among the groups of the first update is one that was sampled by an older policy.
        assertThat(learned).extracting(IterationReport.Learning::canaryLogRatio).containsOnly(0.0);
        assertThat(learned.subList(1, 4)).allSatisfy(learning -> {
            IterationReport.Replay replay = Objects.requireNonNull(learning.replay());
            assertThat(Objects.requireNonNull(replay.smallestWeight()))
                    .isBetween(Math.exp(-.1), Objects.requireNonNull(replay.largestWeight()));
            assertThat(replay.smallestWeight()).isNotEqualTo(1);
            assertThat(Objects.requireNonNull(replay.largestWeight())).isLessThanOrEqualTo(Math.exp(.1));
            assertThat(learning.skippedUpdates()).isZero();
        });
    }

    @Test
    void aRunThatReplaysResumesAsTheRunThatNeverStopped() throws IOException {
        Path recipe = replaying(4);
        Path straight = folder.resolve("straight");
        Path broken = folder.resolve("broken");
        run(recipe, false, into(straight), NOBODY);

        run(recipe, false, into(broken), session -> iteration -> {
            if (iteration == 2) {
                session.requestStop();
            }
        });
        RunOutcome resumed = run(recipe, true, into(broken), NOBODY);

        assertThat(resumed.status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(curve(broken)).isEqualTo(curve(straight));
        for (String file : List.of("adapter/adapter_model.safetensors", "checkpoints/000004/replay.safetensors")) {
            assertThat(broken.resolve(file)).hasSameBinaryContentAs(straight.resolve(file));
        }
    }

    private static Overrides into(Path output) {
        return new Overrides(null, null, output, null, null, Map.of());
    }

    /** The metrics without what the clock says. */
    private static List<IterationReport> curve(Path output) {
        return new RunDirectory(output)
                .reports().stream()
                        .map(report -> new IterationReport(
                                report.iteration(),
                                report.policyVersion(),
                                0,
                                report.rewards(),
                                report.eval(),
                                report.incompleteEval(),
                                report.oversight(),
                                report.learning(),
                                Map.of()))
                        .toList();
    }

    @Test
    void theCanaryRefusesToTrainOnMeansThatThePolicyDoesNotGiveBack() throws IOException {
        Path recipe = TinyRun.write(folder, 2);

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, parts -> parts.stream()
                .map(TrainingSessionTest::nudged)
                .toList());

        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FAILED);
        assertThat(outcome.message()).contains("canary").contains("group 0");
        assertThat(folder.resolve("out/checkpoints")).doesNotExist();
    }

    @Test
    void whatIsNotFiniteNeverReachesTheWeights() throws IOException {
        Path recipe = TinyRun.write(folder, 2);

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, parts -> parts.stream()
                .map(TrainingSessionTest::overflowing)
                .toList());

        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        List<IterationReport> reports = new RunDirectory(folder.resolve("out")).reports();
        assertThat(reports.subList(1, 3)).allSatisfy(report -> {
            IterationReport.Learning learning = Objects.requireNonNull(report.learning());
            assertThat(learning.skippedUpdates()).isEqualTo(2);
            assertThat(learning.loss()).isNull();
        });
        assertThat(folder.resolve("out/checkpoints/000001/adapter.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("out/checkpoints/000002/adapter.safetensors"));
    }

    /** The tiny run with an evaluation after each iteration and a sentinel. */
    private Path watched(String sentinel) throws IOException {
        Path recipe = TinyRun.write(folder, 9);
        String yaml = Files.readString(recipe).replace("every: 2", "every: 1");
        Files.writeString(recipe, yaml + "sentinel: {patience: 2, " + sentinel + "}\n");
        return recipe;
    }

    /** Evaluations in which the proxy rises with every policy version and gold falls. */
    private static List<GroupPart> hacked(List<GroupPart> parts) {
        return parts.stream()
                .map(part -> part.hasHeader() && part.getHeader().getLatentRows() == 0 ? hacked(part) : part)
                .toList();
    }

    private static GroupPart hacked(GroupPart part) {
        GroupHeader.Builder header = part.getHeader().toBuilder();
        for (MemberResult.Builder member : header.getMembersBuilderList()) {
            for (MemberScore.Builder score : member.getScoresBuilderList()) {
                boolean gold = score.getEndpoint().equals("gold");
                score.setValue((gold ? -.1 : .1) * header.getPolicyVersion() + .01 * member.getMemberIndex());
            }
        }
        return part.toBuilder().setHeader(header).build();
    }

    @Test
    void theSentinelRollsBackToTheBestGoldPolicyAndHaltsWhenThatDoesNotHelp() throws IOException {
        Path recipe = watched("action: rollback, max_rollbacks: 1");

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, TrainingSessionTest::hacked);

        assertThat(outcome.cause()).isNull();
        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.HALTED);
        assertThat(outcome.message()).contains("gold falls while the proxy rises", "best at iteration 0");
        assertThat(outcome.iterations()).isEqualTo(4);
        RunDirectory out = new RunDirectory(folder.resolve("out"));
        List<IterationReport> reports = out.reports();
        assertThat(reports)
                .extracting(report -> report.oversight().action())
                .containsExactly(null, null, "rollback", null, "stop");
        assertThat(reports.get(3).oversight().rolledBackTo()).isZero();
        assertThat(Objects.requireNonNull(reports.get(3).learning()).loss()).isNull();
        assertThat(reports.get(4).oversight().alarms()).containsExactly("gold");
        for (String file : List.of("adapter", "adapter-ema", "optimizer")) {
            assertThat(out.checkpoints().resolve("000003/" + file + ".safetensors"))
                    .hasSameBinaryContentAs(out.checkpoints().resolve("000000/" + file + ".safetensors"));
        }
        assertThat(out.checkpoints()).isDirectoryNotContaining("glob:**/000002");
        assertThat(out.adapter().resolve("adapter_model.safetensors")).isNotEmptyFile();
    }

    @Test
    void aRunThatWasStoppedBeforeItsRollbackRollsBackWhenItIsResumed() throws IOException {
        Path recipe = watched("action: rollback, max_rollbacks: 2");
        Path straight = folder.resolve("straight");
        Path broken = folder.resolve("broken");
        run(recipe, false, into(straight), NOBODY, TrainingSessionTest::hacked);

        run(
                recipe,
                false,
                into(broken),
                session -> iteration -> {
                    if (iteration == 2) {
                        session.requestStop();
                    }
                },
                TrainingSessionTest::hacked);
        RunOutcome resumed = run(recipe, true, into(broken), NOBODY, TrainingSessionTest::hacked);

        assertThat(resumed.status()).isEqualTo(RunOutcome.Status.HALTED);
        assertThat(curve(broken)).isEqualTo(curve(straight));
        assertThat(broken.resolve("adapter/adapter_model.safetensors"))
                .hasSameBinaryContentAs(straight.resolve("adapter/adapter_model.safetensors"));
    }

    @Test
    void theSentinelRaisesTheWeightOfTheKl() throws IOException {
        Path recipe = watched("action: raise-kl, kl_factor: 1000");

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, TrainingSessionTest::hacked);

        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(new RunDirectory(folder.resolve("out")).reports())
                .extracting(report -> report.oversight().action())
                .containsExactly(null, null, "raise-kl", null, "raise-kl", null, "raise-kl", null, "raise-kl", null);
        assertThat(folder.resolve("out/checkpoints/000009/state.json"))
                .content()
                .contains("\"klFactor\":1.0E12");
    }

    @Test
    void anAlertIsRaisedOnceAndTheRunGoesOn() throws IOException {
        Path recipe = watched("action: alert");

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, TrainingSessionTest::hacked);

        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        List<IterationReport> reports = new RunDirectory(folder.resolve("out")).reports();
        assertThat(reports.get(2).oversight().action()).isEqualTo("alert");
        assertThat(reports.subList(3, 10)).allSatisfy(report -> {
            assertThat(report.oversight().action()).isNull();
            assertThat(report.oversight().alarms()).containsExactly("gold");
        });
    }

    @Test
    void anIterationInWhichAllAreWorthTheSameTakesNoOptimizerStep() throws IOException {
        Path recipe = TinyRun.write(folder, 2);

        RunOutcome outcome = run(recipe, false, Overrides.none(), NOBODY, parts -> parts.stream()
                .map(TrainingSessionTest::worthTheSame)
                .toList());

        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(new RunDirectory(folder.resolve("out")).reports().subList(1, 3))
                .allSatisfy(report -> {
                    IterationReport.Learning learning = Objects.requireNonNull(report.learning());
                    assertThat(learning.zeroVarianceGroups())
                            .isEqualTo(learning.groups())
                            .isEqualTo(3);
                    assertThat(learning.tiedComparisons()).isEqualTo(3);
                    assertThat(learning.loss()).isNull();
                    assertThat(learning.skippedUpdates()).isZero();
                });
        assertThat(folder.resolve("out/checkpoints/000001/adapter.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("out/checkpoints/000002/adapter.safetensors"));
    }

    private static GroupPart worthTheSame(GroupPart part) {
        if (!part.hasHeader()) {
            return part;
        }
        GroupPart.Builder changed = part.toBuilder();
        changed.getHeaderBuilder().getMembersBuilderList().forEach(member -> member.getScoresBuilderList()
                .forEach(score -> score.setValue(.5)));
        return changed.build();
    }

    /** The same part with latents that are finite and too large to compute with. */
    private static GroupPart overflowing(GroupPart part) {
        if (!part.hasRows() || part.getRows().getTable() != Table.TABLE_LATENTS) {
            return part;
        }
        ByteBuffer bytes = ByteBuffer.allocate(part.getRows().getData().size()).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            bytes.putFloat(Float.MAX_VALUE);
        }
        return part.toBuilder()
                .setRows(part.getRows().toBuilder().setData(ByteString.copyFrom(bytes.array())))
                .build();
    }

    /** The same part with another mean in its first element. */
    private static GroupPart nudged(GroupPart part) {
        if (!part.hasRows() || part.getRows().getTable() != Table.TABLE_MEANS) {
            return part;
        }
        TableRows rows = part.getRows();
        byte[] bytes = rows.getData().toByteArray();
        bytes[2] ^= 0x40;
        return part.toBuilder()
                .setRows(rows.toBuilder().setData(ByteString.copyFrom(bytes)))
                .build();
    }

    // ------------------------------------------------------------------------------------- a reward's endpoint is
    // exchanged

    private static final String OLD = "target: nowhere}";

    /** The tiny run of 6 iterations with two optional settings of the swap. */
    private Path swapping(String settings) throws IOException {
        Path recipe = TinyRun.write(folder, 6);
        Files.writeString(recipe, Files.readString(recipe) + "reward_swap: {" + settings + "}\n");
        return recipe;
    }

    /** Edits the recipe's first reward as soon as this iteration is done. */
    private static Watcher editing(Path recipe, int after, String address) {
        return session -> iteration -> {
            if (iteration == after) {
                try {
                    String yaml = Files.readString(recipe);
                    int at = yaml.indexOf(OLD);
                    Files.writeString(recipe, yaml.substring(0, at) + address + yaml.substring(at + OLD.length()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }

    /** Which version of the first reward scored the training groups, by iteration. */
    private static Map<Integer, String> scorers(Path out) throws IOException {
        Map<Integer, String> scorers = new TreeMap<>();
        for (JsonNode line : JsonLinesFile.read(out.resolve("ledger.jsonl"))) {
            if (line.path("purpose").asString().equals("training")) {
                String scorer = line.path("scorers").path("brightness").asString();
                assertThat(scorers.merge(line.path("iteration").asInt(), scorer, (one, other) -> {
                            assertThat(other).as("no iteration mixes versions").isEqualTo(one);
                            return one;
                        }))
                        .isEqualTo(scorer);
            }
        }
        return scorers;
    }

    private static List<String> swapStates(Path out) {
        return new RunDirectory(out)
                .reports().stream()
                        .map(report -> report.scoring().swaps().get("brightness"))
                        .map(swap -> swap == null ? "" : swap.state() + " " + swap.groups())
                        .toList();
    }

    @Test
    void anEditOfTheRecipeExchangesAnEndpointAfterItsShadowHasProvedItself() throws IOException {
        Path recipe = swapping("shadow_groups: 3");
        Path out = folder.resolve("out");

        RunOutcome outcome = run(recipe, false, Overrides.none(), editing(recipe, 1, "target: elsewhere, version: 2}"));

        assertThat(outcome.cause()).isNull();
        // The evaluation after iteration 2 is shadowed too: its two groups count with the three of the next iteration.
        assertThat(swapStates(out)).containsExactly("", "", "shadowing 0", "cut-over 5", "", "", "");
        assertThat(scorers(out))
                .isEqualTo(Map.of(
                        0, "brightness 1",
                        1, "brightness 1",
                        2, "brightness 1",
                        3, "brightness 2",
                        4, "brightness 2",
                        5, "brightness 2"));
        IterationReport.SwapReport swap = Objects.requireNonNull(
                new RunDirectory(out).reports().get(3).scoring().swaps().get("brightness"));
        assertThat(swap.rankCorrelation()).isEqualTo(1, within(1e-12));
        assertThat(swap.meanShift()).isEqualTo(0.0);
        assertThat(swap.next()).isEqualTo("elsewhere version 2");
    }

    @Test
    void aSwapIsAbortedWhereTheNewScorerRanksOtherwiseOrIsDead() throws IOException {
        Path recipe = swapping("shadow_groups: 3");

        run(recipe, false, into(folder.resolve("reversed")), editing(recipe, 1, "target: reversed, version: 2}"));
        TinyRun.write(folder, 6);
        recipe = swapping("shadow_groups: 3, max_failed_groups: 2");
        run(recipe, false, into(folder.resolve("dead")), editing(recipe, 1, "target: dead, version: 2}"));

        assertThat(swapStates(folder.resolve("reversed"))).contains("aborted 5").doesNotContain("cut-over 5");
        assertThat(swapStates(folder.resolve("dead"))).contains("aborted 0");
        assertThat(scorers(folder.resolve("reversed")).values()).containsOnly("brightness 1");
        assertThat(scorers(folder.resolve("dead")).values()).containsOnly("brightness 1");
    }

    @Test
    void aResumedRunGoesOnWithTheSwapThatItWasIn() throws IOException {
        Path recipe = swapping("shadow_groups: 9");
        String before = Files.readString(recipe);
        run(recipe, false, into(folder.resolve("straight")), editing(recipe, 1, "target: elsewhere, version: 2}"));
        Files.writeString(recipe, before);
        Path broken = folder.resolve("broken");
        Watcher edit = editing(recipe, 1, "target: elsewhere, version: 2}");
        run(recipe, false, into(broken), session -> iteration -> {
            edit.seen(session).accept(iteration);
            if (iteration == 3) {
                session.requestStop();
            }
        });
        run(recipe, true, into(broken), NOBODY);

        assertThat(swapStates(broken))
                .isEqualTo(swapStates(folder.resolve("straight")))
                .contains("cut-over 13");
        assertThat(scorers(broken))
                .isEqualTo(scorers(folder.resolve("straight")))
                .containsEntry(5, "brightness 2");
        assertThat(broken.resolve("adapter/adapter_model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("straight/adapter/adapter_model.safetensors"));
    }

    @Test
    void anEditThatIsNoRecipeChangesNothing() throws IOException {
        Path recipe = swapping("shadow_groups: 3");

        RunOutcome outcome = run(recipe, false, Overrides.none(), editing(recipe, 1, "target: [}"));

        assertThat(outcome.cause()).isNull();
        assertThat(swapStates(folder.resolve("out"))).containsOnly("");
    }
}
