package dev.flowguard.learner.training;

import dev.flowguard.learner.output.IterationReport.GoldWatch;
import dev.flowguard.learner.output.IterationReport.Oversight;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.training.OverOptimisationSentinel.Evidence;
import dev.flowguard.learner.training.OverOptimisationSentinel.Watched;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Has every complete evaluation looked at by the {@link OverOptimisationSentinel} and decides, by recipe, what an alarm leads
 * to. Its {@link Memory} is part of every checkpoint, so that a resumed run decides as the run that never stopped. Used by
 * the loop's thread.
 */
final class Overseer {
    private final Recipe recipe;
    private Memory memory = Memory.EMPTY;

    Overseer(Recipe recipe) {
        this.recipe = recipe;
    }

    /**
     * All that an overseer knows.
     *
     * @param watched the sentinel's state
     * @param klFactor what the recipe's KL weight is multiplied with by now
     * @param rollbacks how often the run has been rolled back
     */
    record Memory(Map<String, Watched> watched, double klFactor, int rollbacks) {
        static final Memory EMPTY = new Memory(Map.of(), 1, 0);

        Memory {
            watched = Collections.unmodifiableMap(new LinkedHashMap<>(watched));
        }
    }

    /** What is done about an evaluation. */
    enum Action {
        NONE,
        ALERT,
        STOP,
        RAISE_KL,
        ROLLBACK;

        /** As recipes and metrics name it. */
        String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * What the overseer makes of an evaluation.
     *
     * @param alarms gold rewards whose alarm is on
     * @param action what is to be done now
     * @param best the iteration of the alarming gold reward's best evaluation; null without an alarm
     */
    record Decision(
            List<String> alarms, Action action, @Nullable Integer best) {
        static final Decision NOTHING = new Decision(List.of(), Action.NONE, null);

        Decision {
            alarms = List.copyOf(alarms);
        }
    }

    Memory memory() {
        return memory;
    }

    void restore(Memory remembered) {
        memory = remembered;
    }

    /** A reward is measured by another scorer from now on: what was best before cannot be compared with what comes. */
    void measureAnew() {
        memory = new Memory(Map.of(), memory.klFactor(), memory.rollbacks());
    }

    /** Iterations whose checkpoints must outlive others: those at which a gold reward was best. */
    Set<Integer> bestIterations() {
        return memory.watched().values().stream().map(Watched::best).collect(Collectors.toUnmodifiableSet());
    }

    /** Looks at an evaluation; an incomplete one, and a run without gold rewards, tell nothing. */
    Decision observe(int iteration, Evaluation evaluation) {
        Recipe.Sentinel settings = recipe.sentinel();
        Evidence evidence = evidence(iteration, evaluation);
        if (settings.off() || evidence == null) {
            return Decision.NOTHING;
        }
        OverOptimisationSentinel before =
                new OverOptimisationSentinel(settings.patience(), settings.margin(), memory.watched());
        OverOptimisationSentinel after = before.after(evidence);
        List<String> alarms = after.alarms();
        Action action = alarms.isEmpty()
                ? Action.NONE
                : action(settings, before.alarms().containsAll(alarms));
        double klFactor = memory.klFactor();
        int rollbacks = memory.rollbacks();
        if (action == Action.RAISE_KL) {
            after = after.patientAgain();
            klFactor *= settings.klFactor();
        } else if (action == Action.ROLLBACK) {
            after = after.patientAgain();
            rollbacks++;
        }
        memory = new Memory(after.watched(), klFactor, rollbacks);
        return new Decision(alarms, action, alarms.isEmpty() ? null : after.best(alarms.get(0)));
    }

    private Action action(Recipe.Sentinel settings, boolean known) {
        return switch (settings.action()) {
            case Recipe.Sentinel.STOP -> Action.STOP;
            case Recipe.Sentinel.RAISE_KL -> Action.RAISE_KL;
            case Recipe.Sentinel.ROLLBACK ->
                memory.rollbacks() < settings.maxRollbacks() ? Action.ROLLBACK : Action.STOP;
            default -> known ? Action.NONE : Action.ALERT;
        };
    }

    private @Nullable Evidence evidence(int iteration, Evaluation evaluation) {
        List<Double> proxy = new ArrayList<>();
        Map<String, List<Double>> gold = new LinkedHashMap<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            List<Double> scores = evaluation.byPrompt().get(reward.name());
            if (scores == null) {
                return null;
            }
            if (!reward.proxy()) {
                gold.put(reward.name(), scores);
                continue;
            }
            for (int i = 0; i < scores.size(); i++) {
                double weighted = reward.weight() * scores.get(i);
                if (i < proxy.size()) {
                    proxy.set(i, proxy.get(i) + weighted);
                } else {
                    proxy.add(weighted);
                }
            }
        }
        return gold.isEmpty() ? null : new Evidence(iteration, proxy, gold);
    }

    /** For the iteration's line of the metrics. */
    Oversight describe(Evaluation evaluation, Decision decision, @Nullable Integer rolledBackTo) {
        Map<String, GoldWatch> watches = new LinkedHashMap<>();
        if (!evaluation.byPrompt().isEmpty()) {
            memory.watched()
                    .forEach((name, watched) -> watches.put(
                            name,
                            new GoldWatch(
                                    watched.best(),
                                    watched.last().goldChange(),
                                    watched.last().goldError(),
                                    watched.last().proxyChange(),
                                    watched.last().proxyError(),
                                    watched.suspicious())));
        }
        return new Oversight(
                evaluation.diversity(),
                watches,
                decision.alarms(),
                decision.action() == Action.NONE ? null : decision.action().key(),
                rolledBackTo);
    }
}
