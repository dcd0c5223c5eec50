package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How much memory a transformer takes in sampling and in training an adapter on a frozen base, its weights aside: the sum of
 * the tensors that its blocks keep, counted one by one.
 *
 * <p>A frozen linear layer keeps nothing for backward, as its weight has no gradient; neither do frozen scales, shifts and
 * gates. What is left, per token of the stream and in widths of the network:
 *
 * <table>
 * <caption>What a block keeps for backward</caption>
 * <tr><th>tensor</th><th>widths</th><th>because</th></tr>
 * <tr><td>block input</td><td>1</td><td>layer norm</td></tr>
 * <tr><td>modulated input</td><td>1</td><td>the adapters of q, k, v read it; once in FLOAT32, else a copy for each</td></tr>
 * <tr><td>q and k before their norm</td><td>2</td><td>RMS norm, where there is one</td></tr>
 * <tr><td>q, k, v of the joint sequence, and the output</td><td>4</td><td>attention</td></tr>
 * <tr><td>this stream's part of the output</td><td>1</td><td>the adapter of to_out reads a copy of its slice</td></tr>
 * <tr><td>after attention</td><td>1</td><td>layer norm</td></tr>
 * <tr><td>widened</td><td>4</td><td>GELU</td></tr>
 * <tr><td>inputs of ff</td><td>1 and 4</td><td>adapters there, if any</td></tr>
 * </table>
 *
 * <p>A second attention (SD3.5 Medium) keeps 6 and what its adapters read; a single-stream block (FLUX) keeps 1 + 2 + 4 + 4, and
 * what its adapters read. {@code benchmarks/run.sh MemoryForecast} holds the whole against measurement.
 */
public final class TransformerActivations {

    /** While the last block is being computed, beyond what it keeps: norms, gates, the activated middle of its ff. */
    private static final int WORKING_WIDTHS = 12;

    /** A sampling block at its peak, in the joint attention: two norms, q, k, v before and after, joined, out. */
    private static final int SAMPLING_WIDTHS = 17;

    /** And the adapted halves of four projections: branch and sum of each. */
    private static final int SAMPLING_ADAPTER_WIDTHS = 8;

    private static final int ADAPTER_BYTES = DType.FLOAT32.bytes();

    /** libtorch's RMS norm computes in FLOAT32 and keeps its input as such. */
    private static final int NORM_BYTES = DType.FLOAT32.bytes();

    private record Block(String path, Kind kind) {}

    private enum Kind {
        JOINT,
        JOINT_DUAL,
        JOINT_LAST,
        SINGLE
    }

    private final List<Block> blocks;
    private final long width;
    private final boolean qkNorm;
    private final int pixelsPerToken;
    private final long contextTokens;
    private final DType dtype;

    private TransformerActivations(
            List<Block> blocks, long width, boolean qkNorm, int pixelsPerToken, long contextTokens, DType dtype) {
        this.blocks = List.copyOf(blocks);
        this.width = width;
        this.qkNorm = qkNorm;
        this.pixelsPerToken = pixelsPerToken;
        this.contextTokens = contextTokens;
        this.dtype = dtype;
    }

    static TransformerActivations of(Sd3TransformerConfig config, int vaeFactor, long contextTokens, DType dtype) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            Kind kind = config.dualAttentionLayers().contains(i)
                    ? Kind.JOINT_DUAL
                    : i == config.numLayers() - 1 ? Kind.JOINT_LAST : Kind.JOINT;
            blocks.add(new Block("transformer_blocks." + i + ".", kind));
        }
        return new TransformerActivations(
                blocks, config.width(), config.qkRmsNorm(), vaeFactor * config.patchSize(), contextTokens, dtype);
    }

    static TransformerActivations of(FluxTransformerConfig config, int vaeFactor, long contextTokens, DType dtype) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new Block("transformer_blocks." + i + ".", Kind.JOINT));
        }
        for (int i = 0; i < config.numSingleLayers(); i++) {
            blocks.add(new Block("single_transformer_blocks." + i + ".", Kind.SINGLE));
        }
        return new TransformerActivations(
                blocks, config.width(), true, vaeFactor * FluxTransformerConfig.PACKING, contextTokens, dtype);
    }

    /**
     * Peak bytes of one forward and backward pass.
     *
     * @param batch members in it, those of the negative prompt included
     * @param height in pixels
     * @param width in pixels
     * @param adapted the layers with an adapter, by path
     * @param checkpointing whether blocks are computed once more in backward
     */
    public long training(int batch, int height, int width, List<String> adapted, boolean checkpointing) {
        Set<String> paths = new HashSet<>(adapted);
        long image = imageTokens(height, width);
        long working = WORKING_WIDTHS * tokenBytes(image) + 3 * tokenBytes(contextTokens);
        long all = 0;
        long largest = 0;
        for (Block block : blocks) {
            long kept = kept(block, image, paths);
            all += kept;
            largest = Math.max(largest, kept);
        }
        if (checkpointing) {
            // Every block's inputs, the block that is being computed again, and the gradients of its outputs.
            long streams = tokenBytes(image + contextTokens);
            all = blocks.size() * streams + largest + 2 * streams;
        }
        return batch * (all + working);
    }

    /** Peak bytes of a forward pass without gradients. */
    public long sampling(int batch, int height, int width) {
        long tokens = imageTokens(height, width) + contextTokens;
        return batch
                * (SAMPLING_WIDTHS * tokenBytes(tokens)
                        + SAMPLING_ADAPTER_WIDTHS * tokens * this.width * ADAPTER_BYTES);
    }

    int pixelsPerToken() {
        return pixelsPerToken;
    }

    private long imageTokens(int height, int imageWidth) {
        return (long) (height / pixelsPerToken) * (imageWidth / pixelsPerToken);
    }

    private long tokenBytes(long tokens) {
        return tokens * width * dtype.bytes();
    }

    private long kept(Block block, long image, Set<String> adapted) {
        long joint = image + contextTokens;
        if (block.kind() == Kind.SINGLE) {
            return tokenBytes(joint) * (1 + 4 + 4)
                    + joint * width * normed() * NORM_BYTES
                    + inputsOfAdapters(block.path() + "attn.", List.of("to_q", "to_k", "to_v"), joint, 1, adapted)
                    + inputsOfAdapters(block.path(), List.of("proj_mlp"), joint, 1, adapted)
                    + inputsOfAdapters(block.path(), List.of("proj_out"), joint, 5, adapted);
        }
        long bytes = 4 * tokenBytes(joint)
                + stream(block.path(), "to_q", "to_k", "to_v", "to_out.0", "ff", image, adapted)
                + tokenBytes(image) * (1 + 1 + 4);
        String context = block.path();
        bytes += stream(
                context, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out", "ff_context", contextTokens, adapted);
        bytes += tokenBytes(contextTokens) * (block.kind() == Kind.JOINT_LAST ? 1 : 1 + 1 + 4);
        if (block.kind() == Kind.JOINT_DUAL) {
            bytes += tokenBytes(image) * 4
                    + image * width * normed() * NORM_BYTES
                    + inputsOfAdapters(block.path() + "attn2.", List.of("to_q", "to_k", "to_v"), image, 1, adapted);
        }
        return bytes;
    }

    /** What a stream keeps for its norms and adapters. */
    private long stream(
            String path, String q, String k, String v, String out, String ff, long tokens, Set<String> adapted) {
        return tokens * width * normed() * NORM_BYTES
                + inputsOfAdapters(path + "attn.", List.of(q, k, v), tokens, 1, adapted)
                + inputsOfAdapters(path + "attn.", List.of(out), tokens, 1, adapted)
                + inputsOfAdapters(path + ff + ".net.", List.of("0.proj"), tokens, 1, adapted)
                + inputsOfAdapters(path + ff + ".net.", List.of("2"), tokens, 4, adapted);
    }

    private int normed() {
        return qkNorm ? 2 : 0;
    }

    /** Layers that read the same tensor share it in FLOAT32; a base in 16 bit is copied up for each. */
    private long inputsOfAdapters(String prefix, List<String> names, long tokens, int widths, Set<String> adapted) {
        long readers =
                names.stream().filter(name -> adapted.contains(prefix + name)).count();
        long copies = dtype == DType.FLOAT32 ? Math.min(readers, 1) : readers;
        return copies * widths * tokens * width * ADAPTER_BYTES;
    }
}
