package dev.flowguard.cli;

import dev.flowguard.cli.report.ScoreText;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is worth telling about an iteration.
 *
 * @param iteration how many are done
 * @param iterations how many the run has
 * @param reward mean training reward by scorer
 * @param eval latest held-out score by scorer, whenever that was; empty before the first evaluation
 * @param remaining how long the rest will take; empty until that can be estimated
 */
record ProgressUpdate(
        int iteration,
        int iterations,
        Map<String, Double> reward,
        Map<String, Double> eval,
        Optional<Duration> remaining) {

    /** "ocr 0.52, held out ocr 0.61". */
    String scores() {
        String training = listed(reward);
        String heldOut = eval.isEmpty() ? "" : "held out " + listed(eval);
        return training.isEmpty() || heldOut.isEmpty() ? training + heldOut : training + ", " + heldOut;
    }

    private static String listed(Map<String, Double> scores) {
        return scores.entrySet().stream()
                .map(score -> score.getKey() + " " + ScoreText.of(score.getValue()))
                .collect(Collectors.joining(" "));
    }

    /** "4 min 12 s", "48 s". */
    static String duration(Duration duration) {
        long seconds = Math.round(duration.toMillis() / 1000.0);
        if (seconds >= 3600) {
            return "%d h %d min".formatted(seconds / 3600, seconds / 60 % 60);
        }
        return seconds >= 60 ? "%d min %d s".formatted(seconds / 60, seconds % 60) : seconds + " s";
    }
}
