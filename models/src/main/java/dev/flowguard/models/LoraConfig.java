package dev.flowguard.models;

import com.google.re2j.Pattern;
import dev.flowguard.tensor.InputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A low-rank adapter (Hu et al. 2021): W x + (alpha / rank)·B A x on the chosen linear layers.
 *
 * @param rank rows of A and columns of B
 * @param alpha numerator of the scale
 * @param targets which layers are adapted
 * @param initialization how a fresh adapter's A is drawn
 * @param rankPattern other ranks for some layers, by a regular expression for the end of their path; the first that matches
 *     counts
 * @param alphaPattern other alphas, likewise
 */
public record LoraConfig(
        int rank,
        double alpha,
        LoraTargets targets,
        LoraInitialization initialization,
        Map<String, Integer> rankPattern,
        Map<String, Double> alphaPattern) {

    /** The eight attention projections that Flow-GRPO adapts in Stable Diffusion 3. */
    public static final List<String> SD3_ATTENTION = List.of(
            "attn.to_q",
            "attn.to_k",
            "attn.to_v",
            "attn.to_out.0",
            "attn.add_q_proj",
            "attn.add_k_proj",
            "attn.add_v_proj",
            "attn.to_add_out");

    /** The twelve kinds of projection that Flow-GRPO adapts in FLUX: attention, and both feed-forward parts. */
    public static final List<String> FLUX_BLOCKS = List.of(
            "attn.to_q",
            "attn.to_k",
            "attn.to_v",
            "attn.to_out.0",
            "attn.add_q_proj",
            "attn.add_k_proj",
            "attn.add_v_proj",
            "attn.to_add_out",
            "ff.net.0.proj",
            "ff.net.2",
            "ff_context.net.0.proj",
            "ff_context.net.2");

    private static final int MAX_PATTERNS = 10_000;

    public LoraConfig {
        rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
        alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
        requireRank(rank);
        requireAlpha(alpha);
        rankPattern.values().forEach(LoraConfig::requireRank);
        alphaPattern.values().forEach(LoraConfig::requireAlpha);
        requirePatterns("rank_pattern", rankPattern);
        requirePatterns("alpha_pattern", alphaPattern);
    }

    /** One rank and one alpha for all layers. */
    public LoraConfig(int rank, double alpha, LoraTargets targets, LoraInitialization initialization) {
        this(rank, alpha, targets, initialization, Map.of(), Map.of());
    }

    /** With layers by name. */
    public LoraConfig(int rank, double alpha, List<String> targetModules, LoraInitialization initialization) {
        this(rank, alpha, LoraTargets.named(targetModules), initialization);
    }

    /** With layers by name and Gaussian initialisation. */
    public LoraConfig(int rank, double alpha, List<String> targetModules) {
        this(rank, alpha, targetModules, LoraInitialization.GAUSSIAN);
    }

    /** The rank of each of these layers. */
    Map<String, Integer> ranks(List<String> paths) {
        return resolve("rank_pattern", rankPattern, rank, paths);
    }

    /** The alpha of each of these layers. */
    Map<String, Double> alphas(List<String> paths) {
        return resolve("alpha_pattern", alphaPattern, alpha, paths);
    }

    private static <V> Map<String, V> resolve(String key, Map<String, V> patterns, V otherwise, List<String> paths) {
        Map<Pattern, V> compiled = new LinkedHashMap<>();
        // PEFT's get_pattern_key: the whole path, or what follows one of its dots.
        patterns.forEach(
                (pattern, value) -> compiled.put(ModulePattern.compile(key, "(?:.*\\.)?(?:" + pattern + ")"), value));
        Map<String, V> resolved = new LinkedHashMap<>();
        for (String path : paths) {
            resolved.put(
                    path,
                    compiled.entrySet().stream()
                            .filter(entry -> entry.getKey().matches(path))
                            .map(Map.Entry::getValue)
                            .findFirst()
                            .orElse(otherwise));
        }
        return resolved;
    }

    /** PEFT's {@code get_pattern_key}: matches the whole path, or what follows one of its dots. */
    private static Pattern compile(String key, String pattern) {
        return ModulePattern.compile(key, "(?:.*\\.)?(?:" + pattern + ")");
    }

    private static void requireRank(int rank) {
        if (rank < 1 || rank > 4096) {
            throw new InputException("LoRA rank must be from 1 to 4096, not " + rank);
        }
    }

    private static void requireAlpha(double alpha) {
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new InputException("LoRA alpha must be a positive number, not " + alpha);
        }
    }

    private static void requirePatterns(String key, Map<String, ?> patterns) {
        patterns.keySet().forEach(pattern -> compile(key, pattern));
        if (patterns.size() > MAX_PATTERNS) {
            throw new InputException("LoRA " + key + " has " + patterns.size() + " entries: at most " + MAX_PATTERNS);
        }
    }
}
