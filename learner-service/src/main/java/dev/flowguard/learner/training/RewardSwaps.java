package dev.flowguard.learner.training;

import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.output.IterationReport.SwapReport;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RewardAddress;
import dev.flowguard.learner.recipe.RewardWatch;
import dev.flowguard.proto.v1.RewardEndpoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where every reward of the run is scored now. An edit of the recipe's file begins a {@link RewardSwap}; its {@link Memory} is
 * part of every checkpoint, so that a resumed run goes on with it. Used by the loop's thread.
 */
final class RewardSwaps {
    private static final Logger log = LoggerFactory.getLogger(RewardSwaps.class);

    private final Recipe recipe;
    private final RewardWatch watch;
    /** By reward, what the file said when it was last looked at. */
    private final Map<String, RewardAddress> written;

    /** By reward, the target that the start gave in place of the file's; empty for none. */
    private final Map<String, String> overrides = new LinkedHashMap<>();

    private final Map<String, RewardAddress> inUse = new LinkedHashMap<>();
    private final Map<String, Known> swaps = new LinkedHashMap<>();
    private final Map<String, SwapReport> news = new LinkedHashMap<>();

    /**
     * A swap, and what it came from.
     *
     * @param override the target that stood in place of the file's; empty for none
     * @param written what the recipe's file said
     */
    record Known(String override, RewardAddress written, RewardSwap swap) {
        Known with(RewardSwap other) {
            return new Known(override, written, other);
        }
    }

    /**
     * All that must outlive the process.
     *
     * @param swaps by reward, the last swap of each reward that had one
     */
    record Memory(Map<String, Known> swaps) {
        static final Memory EMPTY = new Memory(Map.of());

        Memory {
            swaps = Collections.unmodifiableMap(new LinkedHashMap<>(swaps));
        }
    }

    /** @param recipe as the run began with it, with every override */
    RewardSwaps(Recipe recipe, RewardWatch watch) {
        this.recipe = recipe;
        this.watch = watch;
        this.written = new LinkedHashMap<>(watch.read());
        for (Recipe.Reward reward : recipe.rewards()) {
            String target = reward.address().target();
            RewardAddress inFile = written.get(reward.name());
            boolean asWritten = inFile != null && inFile.target().equals(target);
            overrides.put(reward.name(), asWritten ? "" : target);
            inUse.put(reward.name(), reward.address());
        }
    }

    Memory memory() {
        return new Memory(swaps);
    }

    /**
     * Goes on where a checkpoint left off. A reward whose address was changed while the run was not running, in the file or on
     * the command line, is scored there at once, as after any start.
     */
    void restore(Memory memory) {
        memory.swaps().forEach((reward, known) -> {
            if (known.override().equals(overrides.get(reward))
                    && known.written().equals(written.get(reward))) {
                swaps.put(reward, known);
                inUse.put(reward, known.swap().inUse());
                log.info(
                        "reward '{}' is scored at {}: its swap to {} is {}",
                        reward,
                        known.swap().inUse(),
                        known.swap().next(),
                        known.swap().phase().key());
            }
        });
    }

    /** Who scores from now on: every reward's endpoint and, beside it, the one that shadows it. */
    List<RewardEndpoint> endpoints() {
        List<RewardEndpoint> endpoints = new ArrayList<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            endpoints.add(RunSettingsWriter.endpoint(reward, address(reward.name())));
            Known known = swaps.get(reward.name());
            if (known != null && known.swap().shadowing()) {
                endpoints.add(RunSettingsWriter.endpoint(reward, known.swap().next()).toBuilder()
                        .setShadow(true)
                        .build());
            }
        }
        return endpoints;
    }

    private RewardAddress address(String reward) {
        return Objects.requireNonNull(inUse.get(reward), reward);
    }

    /** Takes in what both endpoints said about these groups. */
    void observe(Batch batch) {
        for (Map.Entry<String, Known> entry : swaps.entrySet()) {
            RewardSwap swap = entry.getValue().swap();
            for (ScoredGroup group : batch.groups()) {
                swap = observed(swap, entry.getKey(), group);
            }
            entry.setValue(entry.getValue().with(swap));
        }
    }

    private static RewardSwap observed(RewardSwap swap, String reward, ScoredGroup group) {
        boolean asked = group.missing().stream()
                        .anyMatch(
                                missing -> missing.shadow() && missing.reward().equals(reward))
                || group.members().stream()
                        .anyMatch(member -> member.shadowScores().containsKey(reward));
        if (!asked) {
            // Drawn before the swap began, or not scored by this reward at all.
            return swap;
        }
        List<Double> before = new ArrayList<>();
        List<Double> after = new ArrayList<>();
        for (ScoredMember member : group.members()) {
            Score old = member.scores().get(reward);
            Score next = member.shadowScores().get(reward);
            if (old != null && next != null) {
                before.add(old.value());
                after.add(next.value());
            }
        }
        boolean missed = group.members().stream()
                .anyMatch(member -> member.scores().containsKey(reward)
                        && !member.shadowScores().containsKey(reward));
        if (missed) {
            return swap.missed();
        }
        return before.isEmpty() ? swap : swap.scored(new RewardDrift.Pairs(before, after));
    }

    /**
     * Between two iterations: decides by the evidence, then reads what the file wants by now.
     *
     * @return the rewards that are scored by another endpoint from now on
     */
    List<String> settle() {
        List<String> cutOver = new ArrayList<>();
        news.clear();
        for (Map.Entry<String, Known> entry : swaps.entrySet()) {
            RewardSwap before = entry.getValue().swap();
            RewardSwap after = before.decide(recipe.rewardSwap());
            entry.setValue(entry.getValue().with(after));
            if (before.shadowing()) {
                tell(entry.getKey(), after);
                inUse.put(entry.getKey(), after.inUse());
                if (after.phase() == RewardSwap.Phase.CUT_OVER) {
                    cutOver.add(entry.getKey());
                }
            }
        }
        watch.read().forEach(this::order);
        return cutOver;
    }

    private void order(String reward, RewardAddress wanted) {
        if (wanted.equals(written.get(reward)) || !inUse.containsKey(reward)) {
            return;
        }
        written.put(reward, wanted);
        RewardAddress old = address(reward);
        RewardAddress next = wanted.target().isEmpty() ? wanted.at(given(reward)) : wanted;
        Known known = swaps.get(reward);
        RewardSwap swap;
        if (!next.equals(old)) {
            swap = RewardSwap.begin(old, next);
        } else if (known != null && known.swap().shadowing()) {
            swap = known.swap().aborted("the recipe names the old one again");
        } else {
            return;
        }
        swaps.put(reward, new Known(Objects.requireNonNull(overrides.get(reward)), wanted, swap));
        tell(reward, swap);
    }

    /** Where the start told to score it. */
    private String given(String reward) {
        return recipe.rewards().stream()
                .filter(one -> one.name().equals(reward))
                .findFirst()
                .orElseThrow()
                .address()
                .target();
    }

    private void tell(String reward, RewardSwap swap) {
        RewardDrift drift = swap.drift();
        SwapReport report = new SwapReport(
                swap.phase().key(),
                swap.next().toString(),
                swap.seen().size(),
                swap.failed(),
                drift == null ? null : drift.rankCorrelation(),
                drift == null ? null : drift.meanShift(),
                drift == null ? null : drift.spread());
        news.put(reward, report);
        String evidence = "after " + report.groups() + " groups scored by both"
                + (drift == null ? "" : " (" + described(drift) + ")")
                + ", " + report.failedGroups() + " failed";
        switch (swap.phase()) {
            // Its beginning and its end are what the scores' reader must know.
            case SHADOWING -> {
                if (report.groups() == 0 && report.failedGroups() == 0) {
                    log.warn("reward '{}': {} shadows {} from now on", reward, swap.next(), swap.old());
                } else {
                    log.info("reward '{}': {} shadows {} {}", reward, swap.next(), swap.old(), evidence);
                }
            }
            case CUT_OVER ->
                log.warn("reward '{}': {} takes the place of {} {}", reward, swap.next(), swap.old(), evidence);
            case ABORTED ->
                log.error(
                        "reward '{}': {} stays, the swap to {} is aborted: {}; {}",
                        reward,
                        swap.old(),
                        swap.next(),
                        swap.reason(),
                        evidence);
        }
    }

    private static String described(RewardDrift drift) {
        Double correlation = drift.rankCorrelation();
        return (correlation == null ? "" : String.format(Locale.ROOT, "rank correlation %.3f, ", correlation))
                + String.format(
                        Locale.ROOT, "mean shift %.4g, standard deviation %.4g", drift.meanShift(), drift.spread());
    }

    /** For the iteration's line of the metrics: the swaps that go on, begin or end with it. */
    Map<String, SwapReport> news() {
        return Map.copyOf(news);
    }
}
