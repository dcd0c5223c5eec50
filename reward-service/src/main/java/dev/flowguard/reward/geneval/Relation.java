package dev.flowguard.reward.geneval;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** How an object may lie to another, by the names that GenEval's metadata gives it. */
enum Relation {
    LEFT_OF("left of"),
    RIGHT_OF("right of"),
    ABOVE("above"),
    BELOW("below");

    /** Share of both objects' sizes within which an offset counts as none: {@code POSITION_THRESHOLD} of GenEval. */
    private static final float SLACK = .1f;
    /** Smallest offset in pixels, after the slack. */
    private static final float LEAST_OFFSET = 1e-3f;
    /** How much of the direction must point there, of 1. */
    private static final float LEAST_COMPONENT = .5f;

    private final String words;

    Relation(String words) {
        this.words = words;
    }

    static Optional<Relation> named(String words) {
        return Arrays.stream(values())
                .filter(relation -> relation.words.equals(words))
                .findFirst();
    }

    /**
     * All relations of an object to another: none, one, or two. The offset of the centres is shortened by a tenth of both objects' sizes on each
     * axis, then divided by its own length before that; what exceeds a half counts. In fp32, as the reference computes.
     */
    static Set<Relation> between(Box object, Box other) {
        float x = object.centreX() - other.centreX();
        float y = object.centreY() - other.centreY();
        float shortX = shorten(x, object.width() + other.width());
        float shortY = shorten(y, object.height() + other.height());
        Set<Relation> relations = EnumSet.noneOf(Relation.class);
        if (Math.abs(shortX) < LEAST_OFFSET && Math.abs(shortY) < LEAST_OFFSET) {
            return relations;
        }
        float length = (float) Math.sqrt(x * x + y * y);
        float across = shortX / length;
        float down = shortY / length;
        if (across < -LEAST_COMPONENT) {
            relations.add(LEFT_OF);
        }
        if (across > LEAST_COMPONENT) {
            relations.add(RIGHT_OF);
        }
        if (down < -LEAST_COMPONENT) {
            relations.add(ABOVE);
        }
        if (down > LEAST_COMPONENT) {
            relations.add(BELOW);
        }
        return relations;
    }

    private static float shorten(float offset, float sizes) {
        return Math.max(Math.abs(offset) - SLACK * sizes, 0) * Math.signum(offset);
    }

    @Override
    public String toString() {
        return words;
    }
}
