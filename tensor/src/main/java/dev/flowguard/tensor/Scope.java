package dev.flowguard.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Owns every tensor that its thread makes while it is the innermost one, and closes them when it closes.
 *
 * <p>The garbage collector never frees a tensor, and as long as a Java handle is open its memory stays: a scope per model
 * block (not per step) decides how much memory a model takes. In training, what backward needs stays alive in the graph
 * after the handles are closed.
 *
 * <pre>{@code
 * Tensor block(Tensor x) {
 *     try (Scope scope = Scope.open()) {
 *         return x.add(mlp(norm(x))).keep();
 *     }
 * }
 * }</pre>
 *
 * <p>An outermost scope switches gradients off for its thread until it closes; {@link Compute#training} is the way to
 * switch them on. Belongs to the thread that opened it.
 */
public final class Scope implements AutoCloseable {

    private static final ThreadLocal<@Nullable Scope> INNERMOST = new ThreadLocal<>();

    private final @Nullable Scope parent;
    private final Thread thread = Thread.currentThread();
    private final List<Tensor> tensors = new ArrayList<>();
    private final @Nullable Boolean gradModeBefore;

    /** What was checkpointed under this grad mode; null where nothing is recorded. */
    private final @Nullable CheckpointTape tape;

    private Scope(@Nullable Scope parent, @Nullable Boolean gradModeBefore, @Nullable CheckpointTape tape) {
        this.parent = parent;
        this.gradModeBefore = gradModeBefore;
        this.tape = tape;
    }

    /** Opens a scope inside the current one, if there is one. */
    public static Scope open() {
        Scope parent = INNERMOST.get();
        if (parent == null) {
            return open(false);
        }
        return enter(new Scope(parent, null, parent.tape));
    }

    /**
     * Opens a scope that records operations for backward, or does not, whatever the thread did before.
     *
     * <p>Both settings are per thread in libtorch, and a new thread starts with gradients on and the graph optimizer on;
     * the optimizer makes the second backward through a TorchScript operation fail.
     */
    static Scope open(boolean gradients) {
        return open(gradients, gradients ? new CheckpointTape() : null);
    }

    /** Opens a scope that records, or does not, and knows the tape: for the passes through a checkpointed segment. */
    static Scope open(boolean gradients, @Nullable CheckpointTape tape) {
        Engine.get();
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(gradients);
        JniUtils.setGraphExecutorOptimize(false);
        return enter(new Scope(INNERMOST.get(), before, tape));
    }

    /** Gives the tensor to the innermost scope of this thread. */
    static Tensor adopt(Tensor tensor) {
        Scope scope = INNERMOST.get();
        if (scope == null) {
            tensor.close();
            throw new IllegalStateException(
                    "tensors are made inside a Scope or a Compute: nobody would close this one");
        }
        scope.own(tensor);
        return tensor;
    }

    /** The scope that a new tensor of this thread would belong to. */
    static @Nullable Scope innermost() {
        return INNERMOST.get();
    }

    /** The checkpoints of the innermost {@link Compute#training} of this thread; null where nothing is recorded. */
    static @Nullable CheckpointTape tape() {
        Scope scope = INNERMOST.get();
        return scope == null ? null : scope.tape;
    }

    /** Moves a tensor of this scope one scope out, or to the caller if this is the outermost. */
    void release(Tensor tensor) {
        if (parent == null) {
            tensor.setScope(null);
        } else {
            parent.own(tensor);
        }
    }

    /**
     * Closes every tensor that was made in this scope and not {@linkplain Tensor#keep() kept}.
     *
     * @throws IllegalStateException if an inner scope is still open, or on another thread than the one that opened it
     */
    @Override
    public void close() {
        if (INNERMOST.get() != this) {
            throw new IllegalStateException(
                    thread == Thread.currentThread()
                            ? "scopes close in the reverse order of opening, each once"
                            : "a scope closes on the thread that opened it, " + thread.getName());
        }
        if (parent == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(parent);
        }
        for (Tensor tensor : tensors) {
            if (tensor.scope() == this) {
                tensor.close();
            }
        }
        if (tape != null && (parent == null || parent.tape != tape)) {
            tape.close();
        }
        if (gradModeBefore != null) {
            JniUtils.setGradMode(gradModeBefore);
        }
    }

    private void own(Tensor tensor) {
        tensor.setScope(this);
        tensors.add(tensor);
    }

    private static Scope enter(Scope scope) {
        INNERMOST.set(scope);
        return scope;
    }
}
