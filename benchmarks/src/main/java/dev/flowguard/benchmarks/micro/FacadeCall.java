package dev.flowguard.benchmarks.micro;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one operation of the facade costs when there is nothing to compute: the way through Java, JNI and libtorch's dispatcher,
 * and the closing of the result. A forward and backward makes about a thousand of them.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(org.openjdk.jmh.annotations.Scope.Thread)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class FacadeCall {

    private Tensor one;

    @Setup
    public void create() {
        try (Scope scope = Scope.open()) {
            one = Tensor.ones(Device.cpu(), DType.FLOAT32, 1).unscoped();
        }
    }

    /** The price of the scope alone, to subtract. */
    @Benchmark
    public Tensor noop() {
        try (Scope scope = Scope.open()) {
            return one;
        }
    }

    /** An operation that DJL has. */
    @Benchmark
    public Tensor add() {
        try (Scope scope = Scope.open()) {
            return one.add(one);
        }
    }

    /** An operation with a number, which is a cached tensor. */
    @Benchmark
    public Tensor addConstant() {
        try (Scope scope = Scope.open()) {
            return one.add(1);
        }
    }

    /** An operation of the TorchScript library. */
    @Benchmark
    public Tensor silu() {
        try (Scope scope = Scope.open()) {
            return one.silu();
        }
    }

    @TearDown
    public void close() {
        one.close();
    }
}
