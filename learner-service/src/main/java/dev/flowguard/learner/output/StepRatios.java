package dev.flowguard.learner.output;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Importance ratios at one trained step, over the updates of the iteration that are off-policy; over all of them where there
 * is no such update.
 *
 * @param step its index
 * @param sigma its noise level
 * @param members how many ratios there are; 0 where a line, written by an earlier version, does not tell
 * @param logRatioMean mean of the objective's log-ratio
 * @param logRatioStd its population standard deviation
 * @param clipUp share of ratios above the trust region
 * @param clipDown share below
 * @param observed what {@link dev.flowguard.grpo.RatioObservatory} has to say of it; null in lines that were written without
 */
public record StepRatios(
        int step,
        double sigma,
        long members,
        double logRatioMean,
        double logRatioStd,
        double clipUp,
        double clipDown,
        @Nullable Observed observed) {

    /** Which quantiles of a log-ratio are written, in this order. */
    public static final List<Double> QUANTILES = List.of(0., .05, .25, .5, .75, .95, 1.);

    /**
     * The ratio figures of a step.
     *
     * @param density log-ratio of the densities, before RatioNorm
     * @param normalised log-ratio after RatioNorm
     * @param gaining members with A &gt; 0
     * @param losing members with A &lt; 0
     * @param gradientShare its share of the norms of d loss / d velocity over all steps
     * @param divergence KL(policy || sampler) an element
     * @param klToReference KL to the reference; null where it was not measured
     */
    public record Observed(
            Spread density,
            Spread normalised,
            SignClip gaining,
            SignClip losing,
            double gradientShare,
            double divergence,
            @Nullable Double klToReference) {}

    /**
     * What a log-ratio looks like.
     *
     * @param mean over members
     * @param std population standard deviation
     * @param quantiles at {@link #QUANTILES}
     * @param histogram null where all of them are 0
     */
    public record Spread(
            double mean,
            double std,
            List<Double> quantiles,
            @Nullable Histogram histogram) {
        public Spread {
            quantiles = List.copyOf(quantiles);
        }
    }

    /**
     * Counts in bins of equal width.
     *
     * @param low where the first bin begins
     * @param high where the last one ends
     * @param counts what lies below {@code low}, the bins, what lies at or above {@code high}
     */
    public record Histogram(double low, double high, List<Long> counts) {
        public Histogram {
            counts = List.copyOf(counts);
        }
    }

    /**
     * Members of one sign of the advantage.
     *
     * @param members all of them
     * @param above how many lie above the trust region
     * @param below how many lie below it
     */
    public record SignClip(long members, long above, long below) {}

    Map<String, Object> toJson() {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("step", step);
        entry.put("sigma", sigma);
        entry.put("members", members);
        entry.put("log_ratio_mean", logRatioMean);
        entry.put("log_ratio_std", logRatioStd);
        entry.put("clip_up", clipUp);
        entry.put("clip_down", clipDown);
        if (observed != null) {
            entry.put("density", json(observed.density()));
            entry.put("normalised", json(observed.normalised()));
            entry.put("gaining", json(observed.gaining()));
            entry.put("losing", json(observed.losing()));
            entry.put("gradient_share", observed.gradientShare());
            entry.put("divergence", observed.divergence());
            if (observed.klToReference() != null) {
                entry.put("kl", observed.klToReference());
            }
        }
        return entry;
    }

    private static Map<String, Object> json(Spread spread) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("mean", spread.mean());
        entry.put("std", spread.std());
        entry.put("quantiles", spread.quantiles());
        Histogram histogram = spread.histogram();
        if (histogram != null) {
            entry.put("low", histogram.low());
            entry.put("high", histogram.high());
            entry.put("counts", histogram.counts());
        }
        return entry;
    }

    private static Map<String, Object> json(SignClip clip) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("members", clip.members());
        entry.put("above", clip.above());
        entry.put("below", clip.below());
        return entry;
    }

    static StepRatios fromJson(JsonNode step) {
        return new StepRatios(
                step.path("step").asInt(),
                step.path("sigma").asDouble(),
                members(step),
                step.path("log_ratio_mean").asDouble(),
                step.path("log_ratio_std").asDouble(),
                step.path("clip_up").asDouble(),
                step.path("clip_down").asDouble(),
                step.has("density") ? observed(step) : null);
    }

    /** Every ratio is somewhere in the histogram, so lines that lack the number have it too. */
    private static long members(JsonNode step) {
        return step.has("members")
                ? step.path("members").asLong()
                : numbers(step.path("density").path("counts")).stream()
                        .mapToLong(Double::longValue)
                        .sum();
    }

    private static Observed observed(JsonNode step) {
        return new Observed(
                spread(step.path("density")),
                spread(step.path("normalised")),
                signClip(step.path("gaining")),
                signClip(step.path("losing")),
                step.path("gradient_share").asDouble(),
                step.path("divergence").asDouble(),
                step.has("kl") ? step.path("kl").asDouble() : null);
    }

    private static Spread spread(JsonNode node) {
        return new Spread(
                node.path("mean").asDouble(),
                node.path("std").asDouble(),
                numbers(node.path("quantiles")).stream().toList(),
                node.has("counts")
                        ? new Histogram(
                                node.path("low").asDouble(),
                                node.path("high").asDouble(),
                                numbers(node.path("counts")).stream()
                                        .map(Double::longValue)
                                        .toList())
                        : null);
    }

    private static SignClip signClip(JsonNode node) {
        return new SignClip(
                node.path("members").asLong(),
                node.path("above").asLong(),
                node.path("below").asLong());
    }

    private static List<Double> numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asDouble)
                .toList();
    }
}
