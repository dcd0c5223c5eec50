package dev.flowguard.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What one {@link Compute#training} call has checkpointed: segments with their inputs and outputs, in the order of their
 * forward passes. A backward replays them in reverse and leaves the tape empty.
 *
 * <p>The outputs of a segment are leaves, so the graph that the caller sees ends at them. Backward through that graph leaves
 * gradients at the outputs of the last segments; computing a segment once more, now with a graph, turns the gradients of its
 * outputs into those of its inputs; they are handed on to the graph that the inputs came from, or to the outputs of the segment
 * before.
 */
final class CheckpointTape implements AutoCloseable {

    /** A tensor that went into one or more segments. */
    private static final class Input implements AutoCloseable {
        private final Tensor tensor;
        private final boolean inGraph;
        private int uses;
        private @Nullable Tensor gradient;

        Input(Tensor original) {
            tensor = original.sameTensor().unscoped();
            inGraph = tensor.inGraph();
        }

        /** For a pass through the segment: cut off from the graph that it came from. */
        Tensor detached() {
            return inGraph ? tensor.detach().requireGradient() : tensor.detach();
        }

        void addGradient(Tensor part) {
            Tensor before = gradient;
            gradient = (before == null ? part : before.add(part)).unscoped();
            if (before != null) {
                before.close();
            }
        }

        @Override
        public void close() {
            tensor.close();
            if (gradient != null) {
                gradient.close();
            }
        }
    }

    private record Segment(UnaryOperator<List<Tensor>> forward, List<Input> inputs, List<Tensor> outputs) {}

    private final Deque<Segment> segments = new ArrayDeque<>();
    private final IdentityHashMap<Tensor, Input> inputs = new IdentityHashMap<>();
    private boolean insideSegment;
    private boolean replayed;

    /** Runs a segment without a graph and remembers it; the results are leaves in the current scope. */
    List<Tensor> record(List<Tensor> into, UnaryOperator<List<Tensor>> forward) {
        if (insideSegment) {
            throw new IllegalStateException("a checkpointed segment contains a checkpoint: checkpoint one of the two");
        }
        List<Tensor> outputs = new ArrayList<>();
        insideSegment = true;
        try (Scope scope = Scope.open(false, this)) {
            for (Tensor output : forward.apply(into)) {
                // Detached: what the segment hands through unchanged must not become a leaf itself.
                outputs.add(output.detach().requireGradient().keep());
            }
        } finally {
            insideSegment = false;
        }
        List<Input> remembered = new ArrayList<>();
        for (Tensor tensor : into) {
            Input input = inputs.computeIfAbsent(tensor, Input::new);
            input.uses++;
            remembered.add(input);
        }
        segments.addLast(new Segment(
                forward,
                remembered,
                outputs.stream().map(leaf -> leaf.sameTensor().unscoped()).toList()));
        return outputs;
    }

    /** Backward through the caller's graph and then through every segment. */
    void backward(List<Tensor> outputs, List<Tensor> gradients) {
        if (replayed && segments.isEmpty()) {
            throw new IllegalStateException(
                    "the checkpointed segments were used up by an earlier backward: add the losses, or compute again");
        }
        try {
            // Inputs that are results share their graph with each other and with the loss: nobody may free it.
            boolean shared = inputs.values().stream().anyMatch(input -> input.inGraph && !input.tensor.isLeaf());
            replayed |= !segments.isEmpty();
            Autograd.propagate(outputs, gradients, shared);
            while (!segments.isEmpty()) {
                Segment segment = segments.removeLast();
                try {
                    replay(segment);
                    release(segment, shared);
                } finally {
                    segment.outputs().forEach(Tensor::close);
                }
            }
        } finally {
            close();
        }
    }

    private void replay(Segment segment) {
        insideSegment = true;
        try (Scope scope = Scope.open(true, this)) {
            List<@Nullable Tensor> gradients = new ArrayList<>();
            segment.outputs().forEach(leaf -> gradients.add(leaf.gradient()));
            if (gradients.stream().allMatch(gradient -> gradient == null)) {
                return; // nothing that the loss depends on
            }
            List<Tensor> leaves = segment.inputs().stream().map(Input::detached).toList();
            List<Tensor> recomputed = segment.forward().apply(leaves);
            List<Tensor> from = new ArrayList<>();
            List<Tensor> with = new ArrayList<>();
            for (int i = 0; i < recomputed.size(); i++) {
                Tensor gradient = gradients.get(i);
                if (gradient != null && recomputed.get(i).inGraph()) {
                    from.add(recomputed.get(i));
                    with.add(gradient);
                }
            }
            if (from.isEmpty()) {
                return; // nothing in the segment is trained
            }
            Autograd.propagate(from, with, false);
            for (int i = 0; i < leaves.size(); i++) {
                Tensor gradient = leaves.get(i).gradient();
                if (gradient != null) {
                    segment.inputs().get(i).addGradient(gradient);
                }
            }
        } finally {
            insideSegment = false;
        }
    }

    /**
     * Hands the gradients of inputs on that no earlier segment uses.
     *
     * <p>INVARIANT: before any segment that an input may come from is replayed: it was recorded before the input's first use.
     */
    private void release(Segment segment, boolean shared) {
        for (Input input : segment.inputs()) {
            input.uses--;
            if (input.uses == 0) {
                Tensor gradient = input.gradient;
                if (gradient != null) {
                    Autograd.propagate(List.of(input.tensor), List.of(gradient), shared);
                }
                input.close();
            }
        }
    }

    @Override
    public void close() {
        segments.forEach(segment -> segment.outputs().forEach(Tensor::close));
        segments.clear();
        inputs.values().forEach(Input::close);
        inputs.clear();
    }
}
