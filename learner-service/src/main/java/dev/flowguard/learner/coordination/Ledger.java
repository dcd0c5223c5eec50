package dev.flowguard.learner.coordination;

import dev.flowguard.learner.output.JsonLinesFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Every group that counts, once: one line in {@code ledger.jsonl} with its id, iteration, prompt, seeds, policy version,
 * worker, scorers, scores and what is missing of them, so that any number the run prints can be traced back.
 *
 * <p>INVARIANT: a group id is committed at most once, whatever arrives and however often.
 *
 * <p>Not thread-safe: the coordinator's lock guards it.
 */
public final class Ledger implements AutoCloseable {
    private final JsonLinesFile file;
    private final Set<Long> committed = new HashSet<>();

    private Ledger(JsonLinesFile file) {
        this.file = file;
    }

    /**
     * Opens the ledger of a run that goes on with {@code iteration}. Groups of that iteration and of later ones are
     * forgotten: their latents died with the process that committed them, and the same seeds draw them again.
     *
     * @throws IOException if the file cannot be read or written
     */
    public static Ledger open(Path path, int iteration) throws IOException {
        JsonLinesFile file =
                JsonLinesFile.open(path, line -> line.path("iteration").asInt(Integer.MAX_VALUE) < iteration);
        Ledger ledger = new Ledger(file);
        for (JsonNode line : JsonLinesFile.read(path)) {
            ledger.committed.add(line.path("group").asLong());
        }
        return ledger;
    }

    boolean contains(long groupId) {
        return committed.contains(groupId);
    }

    /**
     * Commits a group.
     *
     * @return false where it was committed before; nothing is written then
     * @throws java.io.UncheckedIOException if the line cannot be written; the group is then not committed
     */
    boolean commit(ScoredGroup group) {
        if (committed.contains(group.spec().groupId())) {
            return false;
        }
        file.append(line(group));
        committed.add(group.spec().groupId());
        return true;
    }

    int size() {
        return committed.size();
    }

    private static Map<String, Object> line(ScoredGroup group) {
        GroupSpec spec = group.spec();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("group", spec.groupId());
        line.put("purpose", spec.training() ? "training" : "evaluation");
        line.put("iteration", spec.iteration());
        line.put("policy_version", group.policyVersion());
        line.put("worker", group.workerId());
        List<Map<String, Object>> members = new ArrayList<>();
        Map<String, String> scorers = new TreeMap<>();
        Map<String, String> shadows = new TreeMap<>();
        for (int index = 0; index < group.members().size(); index++) {
            ScoredMember member = group.members().get(index);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("prompt", member.seeds().prompt().text());
            entry.put("initial_noise_seed", member.seeds().initialNoise());
            entry.put("transition_noise_seed", member.seeds().transitionNoise());
            entry.put("trained_steps", spec.layout().paths().get(index).trainedSteps());
            entry.put("scores", values(member.scores(), scorers));
            if (!member.shadowScores().isEmpty()) {
                entry.put("shadow_scores", values(member.shadowScores(), shadows));
            }
            members.add(entry);
        }
        line.put("scorers", scorers);
        if (!shadows.isEmpty()) {
            line.put("shadow_scorers", shadows);
        }
        if (!group.missing().isEmpty()) {
            line.put("missing", group.missing());
        }
        line.put("members", members);
        return line;
    }

    /** The values by reward; who scored goes into {@code scorers}. */
    private static Map<String, Double> values(Map<String, Score> scores, Map<String, String> scorers) {
        Map<String, Double> values = new TreeMap<>();
        scores.forEach((name, score) -> {
            values.put(name, score.value());
            scorers.put(name, score.scorerId() + " " + score.scorerVersion());
        });
        return values;
    }

    @Override
    public void close() {
        file.close();
    }
}
