package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class CheckpointTest {

    private static final Device CPU = Device.cpu();
    private final Compute compute = Compute.on(CPU);

    @Test
    void aChainOfSegmentsHasTheGradientsOfTheChain() {
        compute.training(() -> {
            Tensor x = Noise.standardNormal(CPU, 1, 0, 3, 4).requireGradient();
            Tensor w = Noise.standardNormal(CPU, 2, 0, 4, 4).requireGradient();
            UnaryOperator<List<Tensor>> block =
                    in -> List.of(Ops.linear(in.get(0), w, null).geluTanh());

            Tensor plain = x;
            for (int i = 0; i < 5; i++) {
                plain = block.apply(List.of(plain)).get(0);
            }
            plain.square().sum().backward();
            float[] ofX = taken(x);
            float[] ofW = taken(w);

            Tensor checkpointed = x;
            for (int i = 0; i < 5; i++) {
                checkpointed = Autograd.checkpoint(List.of(checkpointed), block).get(0);
            }
            checkpointed.square().sum().backward();
            assertThat(taken(x)).containsExactly(ofX);
            assertThat(taken(w)).containsExactly(ofW, within(1e-6f));
            return 0;
        });
    }

    @Test
    void aResultThatEverySegmentReadsGetsTheSumOfTheirGradients() {
        compute.training(() -> {
            Tensor time = Tensor.of(CPU, new float[] {1, 2}, 2).requireGradient();
            Tensor embedding = time.mul(3); // read by both segments and by the loss itself
            Tensor x = Tensor.ones(CPU, DType.FLOAT32, 2);
            for (int i = 0; i < 2; i++) {
                x = Autograd.checkpoint(
                                List.of(x, embedding), in -> List.of(in.get(0).mul(in.get(1))))
                        .get(0);
            }
            x.mul(embedding).sum().backward(); // (3t)^3
            assertThat(taken(time)).containsExactly(81, 324);
            return 0;
        });
    }

    @Test
    void aSegmentMayHandItsInputThroughAndHaveOutputsThatNobodyReads() {
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            Tensor x = w.mul(5);
            List<Tensor> out = Autograd.checkpoint(
                    List.of(x),
                    in -> List.of(in.get(0), in.get(0).mul(w), in.get(0).exp()));
            out.get(0).add(out.get(1)).sum().backward(); // 5w + 5w^2
            assertThat(taken(w)).containsExactly(25);
            return 0;
        });
    }

    @Test
    void segmentsThatTheLossDoesNotDependOnAreNotComputedAgain() {
        AtomicInteger calls = new AtomicInteger();
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            Autograd.checkpoint(List.of(w), in -> {
                calls.incrementAndGet();
                return List.of(in.get(0).square());
            });
            w.mul(3).sum().backward();
            assertThat(taken(w)).containsExactly(3);
            return 0;
        });
        assertThat(calls).hasValue(1);
    }

    @Test
    void aSegmentOfConstantsIsHarmless() {
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            Tensor constant = Tensor.of(CPU, new float[] {7}, 1);
            Tensor same = Autograd.checkpoint(
                            List.of(constant), in -> List.of(in.get(0).mul(2)))
                    .get(0);
            same.mul(w).sum().backward();
            assertThat(taken(w)).containsExactly(14);
            assertThat(constant.gradient()).isNull();
            return 0;
        });
    }

    @Test
    void inferenceJustComputes() {
        AtomicInteger calls = new AtomicInteger();
        Tensor input = compute.inference(
                () -> Tensor.of(CPU, new float[] {2}, 1).requireGradient().keep());
        compute.inference(() -> {
            Tensor out = Autograd.checkpoint(List.of(input), in -> {
                        calls.incrementAndGet();
                        assertThat(in.get(0)).isSameAs(input);
                        return List.of(in.get(0).mul(2));
                    })
                    .get(0);
            assertThat(out.requiresGradient()).isFalse();
            return 0;
        });
        assertThat(calls).hasValue(1);
        compute.training(() -> {
            compute.inference(
                    () -> Autograd.checkpoint(List.of(input), in -> in).size());
            input.mul(2).sum().backward();
            assertThat(taken(input)).containsExactly(2);
            return 0;
        });
        input.close();
    }

    @Test
    void checkpointsDoNotNest() {
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            assertThatThrownBy(() -> Autograd.checkpoint(
                            List.of(w),
                            in -> Autograd.checkpoint(
                                    in, inner -> List.of(inner.get(0).mul(2)))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("contains a checkpoint");
            return 0;
        });
    }

    @Test
    void aFailureInASegmentLeavesNothingBehind() {
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            assertThatThrownBy(() -> Autograd.checkpoint(List.of(w), in -> {
                        throw new ArithmeticException("mid-way");
                    }))
                    .isInstanceOf(ArithmeticException.class);
            Tensor out = Autograd.checkpoint(List.of(w), in -> List.of(in.get(0).mul(2)))
                    .get(0);
            out.sum().backward();
            assertThat(taken(w)).containsExactly(2);
            return 0;
        });
    }

    @Test
    void aFailureInBackwardClosesWhatTheTapeHeld() {
        List<Tensor> seen = new ArrayList<>();
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            AtomicInteger calls = new AtomicInteger();
            Tensor first = Autograd.checkpoint(List.of(w), in -> {
                        seen.add(in.get(0));
                        return List.of(in.get(0).mul(2));
                    })
                    .get(0);
            Tensor second = Autograd.checkpoint(List.of(first), in -> {
                        seen.add(in.get(0));
                        if (calls.incrementAndGet() == 2) {
                            throw new ArithmeticException("mid-way");
                        }
                        return List.of(in.get(0).mul(3));
                    })
                    .get(0);
            assertThatThrownBy(second.sum()::backward).isInstanceOf(ArithmeticException.class);
            return 0;
        });
        assertThat(seen).hasSize(3).allSatisfy(tensor -> assertThat(tensor).hasToString("Tensor(closed)"));
    }

    @Test
    void aSecondBackwardThroughTheSameSegmentsIsRefused() {
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            Tensor out = Autograd.checkpoint(List.of(w), in -> List.of(in.get(0).square()))
                    .get(0);
            out.sum().backward();
            assertThatThrownBy(() -> out.mul(2).sum().backward())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("used up");
            return 0;
        });
    }

    @Test
    void whatNoBackwardUsesEndsWithTheTrainingCall() {
        List<Tensor> seen = new ArrayList<>();
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            seen.addAll(Autograd.checkpoint(List.of(w), in -> List.of(in.get(0).square())));
            return 0;
        });
        assertThat(seen).hasSize(1).allSatisfy(tensor -> assertThat(tensor).hasToString("Tensor(closed)"));
        compute.training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {2}, 1).requireGradient();
            w.square().sum().backward();
            assertThat(taken(w)).containsExactly(4);
            return 0;
        });
    }

    /** Random programs: whatever is checkpointed in them, the gradients are those of the plain program. */
    @Property(tries = 300)
    void anyProgramKeepsItsGradients(@ForAll long seed) {
        List<float[]> plain = gradients(seed, false);
        List<float[]> checkpointed = gradients(seed, true);
        for (int i = 0; i < plain.size(); i++) {
            float[] expected = plain.get(i);
            float[] actual = checkpointed.get(i);
            assertThat(actual).hasSameSizeAs(expected);
            float scale = 1e-30f;
            for (float value : expected) {
                scale = Math.max(scale, Math.abs(value));
            }
            assertThat(actual).containsExactly(expected, within(1e-6f * scale));
        }
    }

    /** A program of segments whose inputs are parameters, constants, results and results of segments, read any number of times. */
    private List<float[]> gradients(long seed, boolean checkpointing) {
        return compute.training(() -> {
            Random random = new Random(seed);
            List<Tensor> parameters = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                parameters.add(Noise.standardNormal(CPU, seed, i, 2, 2).requireGradient());
            }
            List<Tensor> pool = new ArrayList<>(parameters);
            pool.add(Noise.standardNormal(CPU, seed, 9, 2, 2));
            int steps = 1 + random.nextInt(6);
            for (int step = 0; step < steps; step++) {
                List<Tensor> inputs = new ArrayList<>();
                int count = 1 + random.nextInt(3);
                for (int i = 0; i < count; i++) {
                    inputs.add(any(pool, random));
                }
                Tensor weight = any(parameters, random);
                long inner = random.nextLong();
                UnaryOperator<List<Tensor>> segment = in -> program(in, weight, new Random(inner));
                boolean here = random.nextBoolean();
                pool.addAll(checkpointing && here ? Autograd.checkpoint(inputs, segment) : segment.apply(inputs));
            }
            Tensor loss = any(pool, random).square().sum();
            for (int i = 0; i < 2; i++) {
                loss = loss.add(any(pool, random).mul(any(parameters, random)).sum());
            }
            loss.backward();
            List<float[]> gradients = new ArrayList<>();
            for (Tensor parameter : parameters) {
                Tensor gradient = parameter.gradient();
                gradients.add(gradient == null ? new float[4] : gradient.toFloats());
            }
            return gradients;
        });
    }

    private static List<Tensor> program(List<Tensor> inputs, Tensor weight, Random random) {
        List<Tensor> values = new ArrayList<>(inputs);
        int operations = 1 + random.nextInt(4);
        for (int i = 0; i < operations; i++) {
            Tensor x = any(values, random);
            Tensor y = any(values, random);
            values.add(
                    switch (random.nextInt(4)) {
                        case 0 -> x.add(y);
                        case 1 -> x.mul(y).geluTanh();
                        case 2 -> Ops.linear(x, weight, null).silu();
                        default -> x.mul(0.5);
                    });
        }
        int outputs = 1 + random.nextInt(2);
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            results.add(any(values, random));
        }
        return results;
    }

    private static Tensor any(List<Tensor> from, Random random) {
        return from.get(random.nextInt(from.size()));
    }

    /** The gradient so far, which is then zero again. */
    private static float[] taken(Tensor leaf) {
        Tensor gradient = leaf.gradient();
        float[] values = requireNonNull(gradient).toFloats();
        leaf.zeroGradient();
        return values;
    }
}
