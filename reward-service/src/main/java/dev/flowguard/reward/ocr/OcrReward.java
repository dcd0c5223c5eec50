package dev.flowguard.reward.ocr;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.apache.commons.text.similarity.SimilarityInput;

/**
 * Flow-GRPO's definition of the OCR reward ({@code flow_grpo/ocr.py}), apart from how the text is recognised.
 *
 * <pre>
 *   target = what stands between the first two double quotes of the prompt; after the first, where there is no second
 *   d = 0 if the recognised text contains the target, else their Levenshtein distance, at most n
 *   r = 1 − d / n,   n = length of the target
 * </pre>
 *
 * Spaces are removed from both and both are lower-cased first. Lengths and distances count code points, as Python's do.
 *
 * <p>Where the reference fails, this refuses: a prompt without a quote (there an IndexError), or a target without any character but spaces
 * (there a division by zero), has no reward at all.
 */
final class OcrReward {

    private static final LevenshteinDistance LEVENSHTEIN = LevenshteinDistance.getDefaultInstance();

    private final String target;

    private OcrReward(String target) {
        this.target = target;
    }

    /** The reward for the target that the prompt quotes; empty if it quotes none. */
    static Optional<OcrReward> forPrompt(String prompt) {
        int opening = prompt.indexOf('"');
        if (opening < 0) {
            return Optional.empty();
        }
        int closing = prompt.indexOf('"', opening + 1);
        String target = normalise(prompt.substring(opening + 1, closing < 0 ? prompt.length() : closing));
        return target.isEmpty() ? Optional.empty() : Optional.of(new OcrReward(target));
    }

    /** The reward of the recognised text, in [0, 1]. */
    double of(String recognised) {
        String read = normalise(recognised);
        if (read.contains(target)) {
            return 1;
        }
        CodePoints wanted = CodePoints.of(target);
        int length = wanted.length();
        int distance = Math.min(LEVENSHTEIN.apply(CodePoints.of(read), wanted), length);
        return 1 - (double) distance / length;
    }

    private static String normalise(String text) {
        return text.replace(" ", "").toLowerCase(Locale.ROOT);
    }

    /** A text as the edit distance sees it. */
    private record CodePoints(List<Integer> points) implements SimilarityInput<Integer> {

        static CodePoints of(String text) {
            return new CodePoints(text.codePoints().boxed().toList());
        }

        @Override
        public Integer at(int index) {
            return points.get(index);
        }

        @Override
        public int length() {
            return points.size();
        }
    }
}
