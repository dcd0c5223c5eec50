package dev.flowguard.reward.geneval;

/**
 * Where an object is, in pixels of the image from its upper left corner.
 *
 * @param left not right of {@code right}
 * @param top not below {@code bottom}
 */
record Box(float left, float top, float right, float bottom) {

    float centreX() {
        return (left + right) / 2;
    }

    float centreY() {
        return (top + bottom) / 2;
    }

    float width() {
        return Math.abs(right - left);
    }

    float height() {
        return Math.abs(bottom - top);
    }
}
