package dev.flowguard.cli;

import dev.flowguard.reward.RewardServiceApplication;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code flowguard serve reward}. */
@Command(name = "reward", description = "Scores images for rollout workers.", mixinStandardHelpOptions = true)
final class ServeRewardCommand implements Callable<Integer> {

    @Option(
            names = "--scorer",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "ocr",
            description =
                    "Scorers to offer, separated by commas: ocr, jpeg-compressibility, jpeg-incompressibility, reference-similarity,"
                            + " artefact, pickscore, clipscore, hpsv2, aesthetic, image-reward, geneval, http, kserve, or the id of"
                            + " an endpoint of your own; reward-service/README.md says what each wants (default: ${DEFAULT-VALUE}).")
    private List<String> scorers = List.of("ocr");

    @Option(
            names = "--references",
            paramLabel = "INDEX",
            description = "Index of reference images (index.jsonl), for the scorer reference-similarity.")
    private @Nullable Path references;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "7070",
            description = "Port to listen on for gRPC; 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        List<String> arguments = new ArrayList<>(listen.arguments("flowguard.reward", port));
        arguments.add("--flowguard.reward.scorers=" + String.join(",", scorers));
        if (references != null) {
            arguments.add("--flowguard.reward.reference-similarity.index=" + references);
        }
        ServedProcess.start(
                        "reward service (" + String.join(", ", scorers) + ")",
                        RewardServiceApplication.builder(),
                        arguments,
                        spec.commandLine().getOut())
                .awaitClosed();
        return ExitCode.OK;
    }
}
