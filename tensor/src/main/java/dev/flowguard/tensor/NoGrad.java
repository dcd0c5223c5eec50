package dev.flowguard.tensor;

import ai.djl.pytorch.jni.JniUtils;

/** Switches recording off for this thread until it is closed: what changes weights in place is no part of the graph. */
final class NoGrad implements AutoCloseable {

    private final boolean before;

    private NoGrad(boolean before) {
        this.before = before;
    }

    static NoGrad enter() {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        return new NoGrad(before);
    }

    @Override
    public void close() {
        JniUtils.setGradMode(before);
    }
}
