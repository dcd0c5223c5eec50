package dev.flowguard.cli;

import dev.flowguard.rollout.RolloutApplication;
import dev.flowguard.rollout.RolloutWorkers;
import dev.flowguard.rollout.WorkerEnd;
import dev.flowguard.tensor.InputException;
import java.io.PrintWriter;
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

/** {@code flowguard serve rollout}. */
@Command(
        name = "rollout",
        description = "Samples trajectories for a learner. Learns everything about the run from it.",
        mixinStandardHelpOptions = true)
final class ServeRolloutCommand implements Callable<Integer> {

    @Option(names = "--learner", paramLabel = "HOST:PORT", required = true, description = "Where the learner listens.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String learner;

    @Option(
            names = "--worker-id",
            paramLabel = "NAME",
            description = "This worker's name, unique in the run (default: host and process).")
    private @Nullable String workerId;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "Devices that sample: cpu, cuda:0, or several as cuda:0,cuda:1 (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<String> arguments = new ArrayList<>(listen.arguments("flowguard.rollout", null));
        arguments.add("--flowguard.rollout.coordinator=" + learner);
        arguments.add("--flowguard.rollout.device=" + device);
        if (workerId != null) {
            arguments.add("--flowguard.rollout.worker-id=" + workerId);
        }
        PrintWriter out = spec.commandLine().getOut();
        ServedProcess process =
                ServedProcess.start("rollout worker for " + learner, RolloutApplication.application(), arguments, out);
        WorkerEnd end = process.context()
                .getBean(RolloutWorkers.class)
                .end()
                .toCompletableFuture()
                .join();
        process.context().close();
        if (!end.runOver()) {
            throw new InputException("this worker cannot serve the run of " + learner + ": " + end.reason());
        }
        out.println("the run is over: " + end.reason());
        return ExitCode.OK;
    }
}
