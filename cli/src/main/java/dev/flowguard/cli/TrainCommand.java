package dev.flowguard.cli;

import dev.flowguard.cli.EmbeddedServices.Service;
import dev.flowguard.learner.LearnerApplication;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.reward.RewardServiceApplication;
import dev.flowguard.rollout.RolloutApplication;
import dev.flowguard.rollout.RolloutWorkers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        LocalRewards local = LocalRewards.of(recipe);
        Logs.into(recipe.outputPath().resolve("flowguard.log"));
        SupervisedRun run = new SupervisedRun(
                spec.commandLine().getOut(), spec.commandLine().getErr());
        List<Service> services = new ArrayList<>();
        services.add(rollout(recipe));
        services.add(learner(local, run));
        if (!local.isEmpty()) {
            services.add(reward(local));
        }
        try (Logs.SafeCloseable warnings = Logs.warnings(run::warn);
                StopSignals signals = run.stopOnSignals();
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

    private Service learner(LocalRewards local, SupervisedRun run) {
        Map<String, String> targets = new LinkedHashMap<>();
        local.names().forEach(name -> targets.put(name, "in-process:" + REWARD));
        List<String> arguments = new ArrayList<>(options.arguments(targets));
        arguments.add("--spring.grpc.server.inprocess.name=" + LEARNER);
        return new Service(LearnerApplication.application().initializers(run::watch), arguments);
    }

    private static Service reward(LocalRewards local) {
        List<String> arguments = new ArrayList<>(local.arguments());
        arguments.add("--spring.grpc.server.inprocess.name=" + REWARD);
        return new Service(RewardServiceApplication.builder(), arguments);
    }
}
