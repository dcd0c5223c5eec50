package dev.flowguard.cli;

import dev.flowguard.cli.EmbeddedServices.Service;
import dev.flowguard.learner.LearnerApplication;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.reward.RewardServiceApplication;
import dev.flowguard.rollout.RolloutApplication;
import dev.flowguard.rollout.RolloutWorkers;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code flowguard train}: the whole road of a trajectory in one JVM. */
@Command(
        name = "train",
        description = "Trains by a recipe, with learner, rollout and reward services in this one process.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Rewards to which the recipe gives no target are scored in this process too. Ctrl-C stops after the current"
                    + " iteration with everything written; --resume goes on."
        })
final class TrainCommand implements Callable<Integer> {

    private static final String LEARNER = "learner";
    private static final String REWARD = "reward";

    @Mixin
    private final RunOptions options = new RunOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Recipe recipe = options.load(Map.of());
        Map<String, String> targets = new LinkedHashMap<>();
        Set<String> scorers = new LinkedHashSet<>();
        Set<String> references = new LinkedHashSet<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            if (reward.target() == null) {
                targets.put(reward.name(), "in-process:" + REWARD);
                scorers.add(reward.scorer());
                if (reward.references() != null) {
                    references.add(reward.references());
                }
            }
        }
        if (references.size() > 1) {
            throw new InputException("the recipe names several references (" + String.join(", ", references)
                    + "); join them in one index, or give all but one of these rewards a target");
        }
        Logs.into(recipe.outputPath().resolve("flowguard.log"));
        SupervisedRun run = new SupervisedRun(
                spec.commandLine().getOut(), spec.commandLine().getErr());
        List<Service> services = new ArrayList<>();
        services.add(rollout(recipe));
        services.add(learner(targets, run));
        if (!scorers.isEmpty()) {
            services.add(reward(scorers, references));
        }
        try (StopSignals signals = run.stopOnSignals();
                EmbeddedServices started = EmbeddedServices.start(services)) {
            started.bean(RolloutWorkers.class).end().thenAccept(run::workerEnded);
            return run.await(signals);
        }
    }

    private static Service rollout(Recipe recipe) {
        return new Service(
                RolloutApplication.application(),
                List.of(
                        "--flowguard.rollout.coordinator=in-process:" + LEARNER,
                        "--flowguard.rollout.worker-id=local",
                        "--flowguard.rollout.device=" + recipe.model().device()));
    }

    private Service learner(Map<String, String> targets, SupervisedRun run) {
        List<String> arguments = new ArrayList<>(options.arguments(targets));
        arguments.add("--spring.grpc.server.inprocess.name=" + LEARNER);
        return new Service(LearnerApplication.application().initializers(run::watch), arguments);
    }

    private static Service reward(Set<String> scorers, Set<String> references) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--spring.grpc.server.inprocess.name=" + REWARD);
        arguments.add("--flowguard.reward.scorers=" + String.join(",", scorers));
        references.forEach(index -> arguments.add("--flowguard.reward.reference-similarity.index=" + index));
        return new Service(RewardServiceApplication.builder(), arguments);
    }
}
