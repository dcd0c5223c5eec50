package dev.flowguard.reward.ppocr;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * What the detection network gives: for each pixel how probably it is in the inner part of a line of text (differentiable binarisation, Liao et al.
 * 2020). [height, width], row by row. {@link #lines} turns it into boxes as PaddleOCR's {@code DBPostProcess} does, with its defaults.
 *
 * <p>Where the reference also takes the contour of a hole for a line of its own, only outer contours count here.
 */
final class TextMap {

    /** {@code det_db_thresh}. */
    private static final float PIXEL_THRESHOLD = .3f;
    /** {@code det_db_box_thresh}. */
    private static final double LINE_THRESHOLD = .6;
    /** {@code det_db_unclip_ratio}: the network marks text without its margin, and this gives it back. */
    private static final double UNCLIP_RATIO = 1.5;
    /** {@code max_candidates}. */
    private static final int MOST_LINES = 1000;
    /** {@code min_size}. */
    private static final int LEAST_SIDE = 3;

    private final int width;
    private final int height;
    private final float[] probabilities;

    /** @param probabilities [height, width]; taken over */
    TextMap(int width, int height, float[] probabilities) {
        this.width = width;
        this.height = height;
        this.probabilities = probabilities;
    }

    /**
     * The lines of text, in the pixels of an image.
     *
     * @param imageWidth of the image that the map is of, whatever its own size
     * @param imageHeight likewise
     */
    List<Quad> lines(int imageWidth, int imageHeight) {
        List<Quad> lines = new ArrayList<>();
        int candidates = 0;
        BitSet visited = new BitSet(width * height);
        int[] open = new int[width * height];
        for (int start = 0; start < probabilities.length && candidates < MOST_LINES; start++) {
            if (probabilities[start] > PIXEL_THRESHOLD && !visited.get(start)) {
                candidates++;
                Rectangle inner = Rectangle.around(component(start, visited, open));
                if (inner.shortSide() < LEAST_SIDE || mean(inner.quad()) < LINE_THRESHOLD) {
                    continue;
                }
                double distance = inner.area() * UNCLIP_RATIO / (2 * (inner.width() + inner.height()));
                Rectangle outer = Rectangle.around(RoundOffset.of(inner.quad(), distance));
                Quad line = scaled(outer.quad(), imageWidth, imageHeight).upright();
                if (outer.shortSide() >= LEAST_SIDE + 2
                        && (int) line.topLeft().distance(line.topRight()) > LEAST_SIDE
                        && (int) line.topLeft().distance(line.bottomLeft()) > LEAST_SIDE) {
                    lines.add(line);
                }
            }
        }
        return lines;
    }

    /**
     * The pixels at the ends of each row of a connected part (8 neighbours): their hull is the part's.
     *
     * @param open scratch, one place a pixel of the map: each is visited once
     */
    private List<Point> component(int start, BitSet visited, int[] open) {
        int[] left = new int[height];
        int[] right = new int[height];
        Arrays.fill(left, Integer.MAX_VALUE);
        Arrays.fill(right, -1);
        int waiting = 0;
        visited.set(start);
        open[waiting++] = start;
        while (waiting > 0) {
            int at = open[--waiting];
            int x = at % width;
            int y = at / width;
            left[y] = Math.min(left[y], x);
            right[y] = Math.max(right[y], x);
            for (int nextY = Math.max(0, y - 1); nextY <= Math.min(height - 1, y + 1); nextY++) {
                for (int nextX = Math.max(0, x - 1); nextX <= Math.min(width - 1, x + 1); nextX++) {
                    int next = nextY * width + nextX;
                    if (probabilities[next] > PIXEL_THRESHOLD && !visited.get(next)) {
                        visited.set(next);
                        open[waiting++] = next;
                    }
                }
            }
        }
        List<Point> ends = new ArrayList<>();
        for (int y = 0; y < height; y++) {
            if (right[y] >= 0) {
                ends.add(new Point(left[y], y));
                ends.add(new Point(right[y], y));
            }
        }
        return ends;
    }

    /** The mean probability within a box whose corners are cut to whole pixels, the pixels of its sides included (OpenCV's {@code fillPoly}). */
    private double mean(Quad box) {
        List<Point> corners = box.corners().stream()
                .map(corner -> new Point((int) corner.x(), (int) corner.y()))
                .toList();
        int[] from = new int[height];
        int[] to = new int[height];
        Arrays.fill(from, Integer.MAX_VALUE);
        Arrays.fill(to, -1);
        for (int i = 0; i < corners.size(); i++) {
            drawSide(corners.get(i), corners.get((i + 1) % corners.size()), from, to);
        }
        double sum = 0;
        long count = 0;
        for (int y = 0; y < height; y++) {
            for (int x = Math.max(0, from[y]); x <= Math.min(width - 1, to[y]); x++) {
                sum += probabilities[y * width + x];
                count++;
            }
        }
        return count == 0 ? 0 : sum / count;
    }

    /** Widens the rows from {@code from} to {@code to} by the pixels of a side: one a column where it is flat, one a row where it is steep. */
    private void drawSide(Point first, Point second, int[] from, int[] to) {
        int steps = (int) Math.max(Math.abs(second.x() - first.x()), Math.abs(second.y() - first.y()));
        for (int i = 0; i <= steps; i++) {
            Point pixel = first.towards(second, steps == 0 ? 0 : (double) i / steps);
            int y = (int) Math.round(pixel.y());
            if (y >= 0 && y < height) {
                from[y] = (int) Math.min(from[y], Math.round(pixel.x()));
                to[y] = (int) Math.max(to[y], Math.round(pixel.x()));
            }
        }
    }

    private Quad scaled(Quad quad, int imageWidth, int imageHeight) {
        return new Quad(
                scaled(quad.topLeft(), imageWidth, imageHeight),
                scaled(quad.topRight(), imageWidth, imageHeight),
                scaled(quad.bottomRight(), imageWidth, imageHeight),
                scaled(quad.bottomLeft(), imageWidth, imageHeight));
    }

    private Point scaled(Point point, int imageWidth, int imageHeight) {
        return new Point(
                Math.max(0, Math.min(imageWidth - 1, Math.rint(point.x() / width * imageWidth))),
                Math.max(0, Math.min(imageHeight - 1, Math.rint(point.y() / height * imageHeight))));
    }
}
