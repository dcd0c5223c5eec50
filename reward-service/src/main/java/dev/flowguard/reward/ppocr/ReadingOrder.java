package dev.flowguard.reward.ppocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** In which order lines are read: from top to bottom, and from left to right what begins at about one height (PaddleOCR's {@code sorted_boxes}). */
final class ReadingOrder {

    /** Pixels within which two lines begin at one height. */
    private static final int SAME_HEIGHT = 10;

    private ReadingOrder() {}

    static List<Quad> of(List<Quad> lines) {
        List<Quad> ordered = new ArrayList<>(lines);
        ordered.sort(Comparator.comparingDouble((Quad line) -> line.topLeft().y())
                .thenComparingDouble(line -> line.topLeft().x()));
        for (int i = 1; i < ordered.size(); i++) {
            for (int j = i; j > 0 && isLeftOf(ordered.get(j), ordered.get(j - 1)); j--) {
                Collections.swap(ordered, j, j - 1);
            }
        }
        return ordered;
    }

    private static boolean isLeftOf(Quad line, Quad before) {
        return Math.abs(line.topLeft().y() - before.topLeft().y()) < SAME_HEIGHT
                && line.topLeft().x() < before.topLeft().x();
    }
}
