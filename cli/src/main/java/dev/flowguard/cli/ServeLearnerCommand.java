package dev.flowguard.cli;

import dev.flowguard.learner.LearnerApplication;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code flowguard serve learner}. */
@Command(
        name = "learner",
        description = "Runs a recipe with rollout workers and reward services of other processes.",
        mixinStandardHelpOptions = true)
final class ServeLearnerCommand implements Callable<Integer> {

    @Mixin
    private final RunOptions options = new RunOptions();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "7080",
            description = "Port to listen on for rollout workers; 0 takes any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--reward",
            paramLabel = "NAME=HOST:PORT",
            description = "Where a reward of the recipe is scored. May be repeated.")
    private final Map<String, String> targets = new LinkedHashMap<>();

    @Mixin
    private final ListenOptions listen = new ListenOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        requireEveryTarget(options.load(targets));
        List<String> arguments = new ArrayList<>(listen.arguments("flowguard.learner", port));
        arguments.addAll(options.arguments(targets));
        SupervisedRun run = new SupervisedRun(
                spec.commandLine().getOut(), spec.commandLine().getErr());
        try (StopSignals signals = run.stopOnSignals();
                ServedProcess process = ServedProcess.start(
                        "learner",
                        LearnerApplication.application()
                                .initializers(run::watch)
                                .registerShutdownHook(false),
                        arguments,
                        spec.commandLine().getOut())) {
            return run.await(signals);
        }
    }

    private void requireEveryTarget(Recipe recipe) {
        for (String name : targets.keySet()) {
            if (recipe.rewards().stream().noneMatch(reward -> reward.name().equals(name))) {
                throw new InputException("--reward " + name + ": the recipe has no reward of that name; it has "
                        + recipe.rewards().stream().map(Recipe.Reward::name).toList());
            }
        }
        for (Recipe.Reward reward : recipe.rewards()) {
            if (reward.target() == null) {
                throw new InputException("reward '" + reward.name()
                        + "' has no target; say where it is scored with --reward " + reward.name() + "=HOST:PORT");
            }
        }
    }
}
