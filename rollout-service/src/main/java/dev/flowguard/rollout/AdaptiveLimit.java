package dev.flowguard.rollout;

/**
 * How many calls to an endpoint may be in flight: grows by one a round while calls are answered and the limit is in use,
 * shrinks by a factor when the endpoint is full or has become slow (additive increase, multiplicative decrease; Chiu and Jain
 * 1989). A value: each answer makes the next one.
 *
 * @param most it never exceeds this
 * @param calls the limit, at least 1; the part behind the point is what has been earned of the next call
 * @param usual seconds an item takes while all is well; 0 before the first answer
 */
record AdaptiveLimit(int most, double calls, double usual) {

    /** What is kept after a refusal, and when answers have become slow. */
    static final double KEPT_WHEN_FULL = 0.5;

    static final double KEPT_WHEN_SLOW = 0.8;

    /** So many times the usual time is slow: less is what queueing behind the other calls of one worker explains. */
    static final double SLOW = 4;

    /** How fast the usual time follows answers that take longer; shorter ones count at once. */
    private static final double FORGETTING = 0.02;

    AdaptiveLimit {
        if (most < 1 || !(calls >= 1 && calls <= most) || !(usual >= 0)) {
            throw new IllegalArgumentException("limit " + calls + " of 1 to " + most + ", usual " + usual);
        }
    }

    /** Begins with all that is allowed: an endpoint that cannot take it says so. */
    static AdaptiveLimit upTo(int most) {
        return new AdaptiveLimit(most, most, 0);
    }

    /** Whole calls that may be in flight. */
    int inFlight() {
        return (int) calls;
    }

    /**
     * After an answer.
     *
     * @param seconds an item took
     * @param full whether the limit was reached meanwhile: only then does the answer show that more could be borne
     */
    AdaptiveLimit afterAnswer(double seconds, boolean full) {
        if (usual > 0 && seconds > SLOW * usual) {
            return new AdaptiveLimit(most, atLeastOne(calls * KEPT_WHEN_SLOW), follow(seconds));
        }
        return new AdaptiveLimit(most, full ? Math.min(most, calls + 1 / calls) : calls, follow(seconds));
    }

    /** After RESOURCE_EXHAUSTED. */
    AdaptiveLimit afterRefusal() {
        return new AdaptiveLimit(most, atLeastOne(calls * KEPT_WHEN_FULL), usual);
    }

    private double follow(double seconds) {
        return usual == 0 || seconds < usual ? seconds : usual + FORGETTING * (seconds - usual);
    }

    private static double atLeastOne(double limit) {
        return Math.max(1, limit);
    }
}
