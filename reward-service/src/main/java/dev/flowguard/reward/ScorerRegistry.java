package dev.flowguard.reward;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The scorers behind this address, each with its running pool. Immutable; closing it stops the pools. */
final class ScorerRegistry implements AutoCloseable {

    private static final Set<ScorerInput> SERVED_INPUTS =
            Set.of(ScorerInput.SCORER_INPUT_IMAGE, ScorerInput.SCORER_INPUT_PROMPT, ScorerInput.SCORER_INPUT_METADATA);

    /** A scorer that can be asked. */
    record Entry(ScorerDescription description, ScoringPool pool) {

        boolean wants(ScorerInput input) {
            return description.getInputsList().contains(input);
        }
    }

    private final Map<String, Entry> entries;

    private ScorerRegistry(Map<String, Entry> entries) {
        this.entries = entries;
    }

    /**
     * Starts the pools of these scorers.
     *
     * @throws RewardConfigurationException if this service cannot serve one of them, or two have one id
     */
    static ScorerRegistry start(
            List<Scorer> scorers, RewardProperties properties, ImageDecoders decoder, RewardMetrics metrics) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        ScorerRegistry registry = new ScorerRegistry(entries);
        try {
            for (Scorer scorer : scorers) {
                ScorerDescription description = servable(scorer.description(), decoder.maxBytes());
                if (entries.containsKey(description.getScorerId())) {
                    throw new RewardConfigurationException("flowguard.reward.scorers names %s twice: name it once"
                            .formatted(description.getScorerId()));
                }
                ScoringPool pool = ScoringPool.start(scorer, properties, decoder, metrics);
                entries.put(description.getScorerId(), new Entry(description, pool));
            }
        } catch (RuntimeException e) {
            registry.close();
            throw e;
        }
        return registry;
    }

    private static ScorerDescription servable(ScorerDescription description, long maxImageBytes) {
        String id = description.getScorerId();
        if (description.getArity() != Arity.ARITY_POINTWISE) {
            throw new RewardConfigurationException(
                    "scorer %s is groupwise, which this service does not serve: leave it out of flowguard.reward.scorers"
                            .formatted(id));
        }
        if (!SERVED_INPUTS.containsAll(description.getInputsList())
                || !description.getInputsList().contains(ScorerInput.SCORER_INPUT_IMAGE)) {
            throw new RewardConfigurationException(
                    "scorer %s wants %s, but this service serves images, with or without prompts and their metadata: leave it out of flowguard.reward.scorers"
                            .formatted(id, description.getInputsList()));
        }
        long own = description.getMaxImageBytes();
        return description.toBuilder()
                .setMaxImageBytes(own == 0 ? maxImageBytes : Math.min(own, maxImageBytes))
                .addImageFormats(ImageFormat.IMAGE_FORMAT_RGB8)
                .build();
    }

    List<ScorerDescription> descriptions() {
        return entries.values().stream().map(Entry::description).toList();
    }

    /** The scorer of that id; with an empty id, the only one. */
    Optional<Entry> find(String scorerId) {
        if (scorerId.isEmpty() && entries.size() == 1) {
            return entries.values().stream().findFirst();
        }
        return Optional.ofNullable(entries.get(scorerId));
    }

    List<String> ids() {
        return new ArrayList<>(entries.keySet());
    }

    @Override
    public void close() {
        entries.values().forEach(entry -> entry.pool().close());
    }
}
