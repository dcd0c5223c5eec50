package dev.flowguard.tensor;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), equal to {@code torch.optim.AdamW} to 5e-7.
 *
 * <p>A parameter without a gradient is left alone and its step is not counted, as in PyTorch. One thread at a time, inside
 * {@link Compute}. Owns its two moments for each parameter until it is closed; the parameters stay the caller's.
 */
public final class AdamW implements AutoCloseable {

    private static final String STEP = "step";
    private static final String MEAN = "exp_avg";
    private static final String MEAN_SQUARE = "exp_avg_sq";

    private final List<Slot> slots = new ArrayList<>();
    private AdamWConfig config;

    /**
     * Starts from zero moments.
     *
     * @param parameters FLOAT32 leaves that require gradients; their order identifies them in the state
     */
    public AdamW(List<Tensor> parameters, AdamWConfig config) {
        this.config = config;
        for (Tensor parameter : parameters) {
            parameter.requireWritable();
            if (parameter.dtype() != DType.FLOAT32) {
                throw new IllegalArgumentException("AdamW trains FLOAT32 parameters, not " + parameter);
            }
        }
        for (Tensor parameter : parameters) {
            slots.add(new Slot(parameter));
        }
    }

    /** The settings in force. */
    public AdamWConfig config() {
        return config;
    }

    /** Changes the learning rate from the next step on. */
    public void setLearningRate(double learningRate) {
        config = new AdamWConfig(learningRate, config.beta1(), config.beta2(), config.epsilon(), config.weightDecay());
    }

    /** Moves every parameter that has a gradient. The gradients stay as they are. */
    public void step() {
        try (NoGrad noGrad = NoGrad.enter()) {
            for (Slot slot : slots) {
                slot.step(config);
            }
        }
    }

    /** Sets the gradient of every parameter to zero. */
    public void zeroGradients() {
        for (Slot slot : slots) {
            slot.parameter.zeroGradient();
        }
    }

    /**
     * What a checkpoint needs, by the names of PyTorch's state: {@code state.<i>.step} (INT64 {@code []}),
     * {@code state.<i>.exp_avg} and {@code state.<i>.exp_avg_sq} (FLOAT32, of the parameter's shape).
     *
     * @return tensors of the current scope that share the live moments' memory: write them out before the next step
     */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            Device device = slot.parameter.device();
            state.put(key(i, STEP), Tensor.ofLongs(device, new long[] {slot.steps}));
            state.put(key(i, MEAN), slot.mean.detach());
            state.put(key(i, MEAN_SQUARE), slot.meanSquare.detach());
        }
        return state;
    }

    /**
     * Continues from a state of the same parameters; nothing is changed if it does not fit.
     *
     * @throws InputException if a tensor is missing or has another shape or type
     */
    public void restore(Map<String, Tensor> state) {
        for (int i = 0; i < slots.size(); i++) {
            Tensor parameter = slots.get(i).parameter;
            require(state, key(i, STEP), DType.INT64);
            require(state, key(i, MEAN), DType.FLOAT32, parameter.shape());
            require(state, key(i, MEAN_SQUARE), DType.FLOAT32, parameter.shape());
        }
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            slot.steps =
                    Math.toIntExact(require(state, key(i, STEP), DType.INT64).toLongs()[0]);
            slot.mean.assign(require(state, key(i, MEAN), DType.FLOAT32, slot.parameter.shape()));
            slot.meanSquare.assign(require(state, key(i, MEAN_SQUARE), DType.FLOAT32, slot.parameter.shape()));
        }
    }

    /** Frees the moments. */
    @Override
    public void close() {
        for (Slot slot : slots) {
            slot.mean.close();
            slot.meanSquare.close();
        }
    }

    private static String key(int index, String name) {
        return "state." + index + "." + name;
    }

    private static Tensor require(Map<String, Tensor> state, String key, DType dtype, long... shape) {
        Tensor tensor = state.get(key);
        if (tensor == null) {
            throw new InputException("optimizer state: '" + key + "' is missing: it was saved for fewer parameters");
        }
        if (tensor.dtype() != dtype || !Arrays.equals(tensor.shape(), shape)) {
            throw new InputException("optimizer state: '" + key + "' is " + tensor + ", not " + dtype
                    + Arrays.toString(shape) + ": it was saved for other parameters");
        }
        return tensor;
    }

    /** One parameter with its moments. */
    private static final class Slot {

        private final Tensor parameter;
        private final Tensor mean;
        private final Tensor meanSquare;
        private int steps;

        Slot(Tensor parameter) {
            this.parameter = parameter;
            try (Scope scope = Scope.open()) {
                mean = Tensor.zeros(parameter.device(), DType.FLOAT32, parameter.shape())
                        .unscoped();
                meanSquare = Tensor.zeros(parameter.device(), DType.FLOAT32, parameter.shape())
                        .unscoped();
            }
        }

        void step(AdamWConfig config) {
            try (PtNDArray gradient = JniUtils.getGradient(parameter.array())) {
                if (gradient == null) {
                    return;
                }
                steps++;
                // DJL's update has no bias correction. PyTorch's  lr/(1-b1^t) * m / (sqrt(v)/s + eps)  with
                // s = sqrt(1-b2^t)  is  lr*s/(1-b1^t) * m / (sqrt(v) + eps*s), which DJL's has the arguments for.
                double meanCorrection = 1 - Math.pow(config.beta1(), steps);
                double rootCorrection = Math.sqrt(1 - Math.pow(config.beta2(), steps));
                JniUtils.adamUpdate(
                        parameter.array(),
                        gradient,
                        mean.array(),
                        meanSquare.array(),
                        (float) config.learningRate(),
                        (float) (config.learningRate() * rootCorrection / meanCorrection),
                        (float) config.weightDecay(),
                        1,
                        -1,
                        (float) config.beta1(),
                        (float) config.beta2(),
                        (float) (config.epsilon() * rootCorrection),
                        true);
            }
        }
    }
}
