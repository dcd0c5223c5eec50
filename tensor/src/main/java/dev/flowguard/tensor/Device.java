package dev.flowguard.tensor;

/**
 * Where a tensor's memory lies and its operations run.
 *
 * @param type the kind of processor
 * @param index which one of its kind, from 0; always 0 for the CPU
 */
public record Device(Type type, int index) {

    private static final Device CPU = new Device(Type.CPU, 0);
    private static final String CUDA_PREFIX = "cuda:";

    /** The kinds of processor that libtorch is used with. */
    public enum Type {
        CPU,
        CUDA
    }

    /** Checks that the index is one that its type has. */
    public Device {
        if (index < 0 || (type == Type.CPU && index != 0)) {
            throw new IllegalArgumentException("no " + type + " device has index " + index);
        }
    }

    /** The processor that the JVM itself runs on. */
    public static Device cpu() {
        return CPU;
    }

    /**
     * An NVIDIA GPU.
     *
     * @param index which one, from 0, in CUDA's order
     */
    public static Device cuda(int index) {
        return new Device(Type.CUDA, index);
    }

    /**
     * Reads PyTorch's notation.
     *
     * @param text {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:N}
     * @throws InputException if it is none of these
     */
    public static Device parse(String text) {
        if (text.equals("cpu")) {
            return CPU;
        }
        if (text.equals("cuda")) {
            return cuda(0);
        }
        if (text.startsWith(CUDA_PREFIX)) {
            String digits = text.substring(CUDA_PREFIX.length());
            if (digits.matches("\\d{1,4}")) {
                return cuda(Integer.parseInt(digits));
            }
        }
        throw new InputException("device '" + text + "' is unknown: use cpu, cuda or cuda:N");
    }

    /**
     * Tries the device.
     *
     * @throws InputException if this machine has none such, or the libtorch in use was not built for it
     */
    public void requireUsable() {
        Engine.get().requireUsable(this);
    }

    /** PyTorch's notation: {@code cpu} or {@code cuda:N}. */
    @Override
    public String toString() {
        return type == Type.CPU ? "cpu" : CUDA_PREFIX + index;
    }

    /** DJL's value for this device. */
    ai.djl.Device toDjl() {
        return type == Type.CPU ? ai.djl.Device.cpu() : ai.djl.Device.gpu(index);
    }

    /** The device that DJL means. */
    static Device fromDjl(ai.djl.Device device) {
        return device.isGpu() ? cuda(device.getDeviceId()) : CPU;
    }
}
