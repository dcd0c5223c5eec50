package dev.flowguard.models;

import java.util.Arrays;
import java.util.List;

/**
 * A linear layer of an original model, and the layers of diffusers that it is made of, stacked in this order.
 *
 * @param blocks the list of blocks that it lies in, in diffusers and in the original; empty outside of blocks
 * @param originalBlocks likewise
 * @param name in the original block, with underscores
 * @param parts names in diffusers' block, and how many rows each has in units of the first
 */
record KohyaSlot(String blocks, String originalBlocks, String name, List<Part> parts) {

    /** A layer of diffusers and its share of the rows. */
    record Part(String module, int width) {}

    static KohyaSlot inBlocks(String blocks, String originalBlocks, String name, String... modules) {
        return new KohyaSlot(blocks, originalBlocks, name, parts(modules));
    }

    static KohyaSlot alone(String name, String module) {
        return new KohyaSlot("", "", name, parts(module));
    }

    private static List<Part> parts(String... modules) {
        // The only layers of unequal size that are stacked: FLUX's MLP is four times as wide as an attention
        // projection.
        return Arrays.stream(modules)
                .map(module -> new Part(module, module.equals("proj_mlp") ? 4 : 1))
                .toList();
    }

    /** Whether it lies in blocks, so that its names need a number. */
    boolean numbered() {
        return !blocks.isEmpty();
    }

    /** Rows in units of the first part. */
    int width() {
        return parts.stream().mapToInt(Part::width).sum();
    }

    String path(int block, Part part) {
        return numbered() ? blocks + "." + block + "." + part.module : part.module;
    }

    String original(int block) {
        return numbered() ? originalBlocks + "_" + block + "_" + name : name;
    }
}
