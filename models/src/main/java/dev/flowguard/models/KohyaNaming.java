package dev.flowguard.models;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The layer names of the models as they were first published, which kohya's sd-scripts trains and ComfyUI runs, against
 * diffusers' names. ComfyUI turns every parameter of its model into a LoRA key: {@code lora_unet_} and the original name with
 * underscores (its {@code comfy/lora.py}); sd-scripts uses the same keys ({@code networks/lora_sd3.py}, {@code
 * lora_flux.py}).
 *
 * <p>The originals have one layer for query, key and value where diffusers has three.
 */
final class KohyaNaming {

    static final List<KohyaNaming> ALL = List.of(
            new KohyaNaming(StableDiffusion3Pipeline.CLASS_NAME, sd3()), new KohyaNaming("FluxPipeline", flux()));

    /** What ComfyUI and sd-scripts call the denoiser, U-Net or not. */
    static final String PREFIX = "lora_unet_";

    private final String pipelineClass;
    private final List<KohyaSlot> slots;

    private KohyaNaming(String pipelineClass, List<KohyaSlot> slots) {
        this.pipelineClass = pipelineClass;
        this.slots = slots;
    }

    /** A place among the layers: which one, and of which block. */
    record Place(KohyaSlot slot, int block) {
        String original() {
            return PREFIX + slot.original(block);
        }
    }

    /** The class of diffusers' pipeline. */
    String pipelineClass() {
        return pipelineClass;
    }

    /** Where diffusers' layer goes; empty if the original has no such layer. */
    Optional<Place> ofPath(String path) {
        for (KohyaSlot slot : slots) {
            for (KohyaSlot.Part part : slot.parts()) {
                Optional<Place> place = match(slot, slot.blocks() + ".", "." + part.module(), part.module(), path);
                if (place.isPresent()) {
                    return place;
                }
            }
        }
        return Optional.empty();
    }

    /** Which layer a LoRA key means; empty if none. */
    Optional<Place> ofOriginal(String name) {
        for (KohyaSlot slot : slots) {
            Optional<Place> place =
                    match(slot, PREFIX + slot.originalBlocks() + "_", "_" + slot.name(), PREFIX + slot.name(), name);
            if (place.isPresent()) {
                return place;
            }
        }
        return Optional.empty();
    }

    private static Optional<Place> match(KohyaSlot slot, String before, String after, String alone, String name) {
        if (!slot.numbered()) {
            return name.equals(alone) ? Optional.of(new Place(slot, 0)) : Optional.empty();
        }
        Matcher matcher = Pattern.compile(Pattern.quote(before) + "(\\d{1,4})" + Pattern.quote(after))
                .matcher(name);
        return matcher.matches() ? Optional.of(new Place(slot, Integer.parseInt(matcher.group(1)))) : Optional.empty();
    }

    private static List<KohyaSlot> sd3() {
        String from = "transformer_blocks";
        String to = "joint_blocks";
        return List.of(
                KohyaSlot.inBlocks(from, to, "x_block_attn_qkv", "attn.to_q", "attn.to_k", "attn.to_v"),
                KohyaSlot.inBlocks(from, to, "x_block_attn_proj", "attn.to_out.0"),
                KohyaSlot.inBlocks(from, to, "x_block_attn2_qkv", "attn2.to_q", "attn2.to_k", "attn2.to_v"),
                KohyaSlot.inBlocks(from, to, "x_block_attn2_proj", "attn2.to_out.0"),
                KohyaSlot.inBlocks(from, to, "x_block_mlp_fc1", "ff.net.0.proj"),
                KohyaSlot.inBlocks(from, to, "x_block_mlp_fc2", "ff.net.2"),
                KohyaSlot.inBlocks(from, to, "x_block_adaLN_modulation_1", "norm1.linear"),
                KohyaSlot.inBlocks(
                        from, to, "context_block_attn_qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
                KohyaSlot.inBlocks(from, to, "context_block_attn_proj", "attn.to_add_out"),
                KohyaSlot.inBlocks(from, to, "context_block_mlp_fc1", "ff_context.net.0.proj"),
                KohyaSlot.inBlocks(from, to, "context_block_mlp_fc2", "ff_context.net.2"),
                KohyaSlot.inBlocks(from, to, "context_block_adaLN_modulation_1", "norm1_context.linear"),
                KohyaSlot.alone("context_embedder", "context_embedder"),
                KohyaSlot.alone("t_embedder_mlp_0", "time_text_embed.timestep_embedder.linear_1"),
                KohyaSlot.alone("t_embedder_mlp_2", "time_text_embed.timestep_embedder.linear_2"),
                KohyaSlot.alone("y_embedder_mlp_0", "time_text_embed.text_embedder.linear_1"),
                KohyaSlot.alone("y_embedder_mlp_2", "time_text_embed.text_embedder.linear_2"),
                KohyaSlot.alone("final_layer_adaLN_modulation_1", "norm_out.linear"),
                KohyaSlot.alone("final_layer_linear", "proj_out"));
    }

    private static List<KohyaSlot> flux() {
        List<KohyaSlot> slots = new ArrayList<>();
        String from = "transformer_blocks";
        String to = "double_blocks";
        slots.add(KohyaSlot.inBlocks(from, to, "img_attn_qkv", "attn.to_q", "attn.to_k", "attn.to_v"));
        slots.add(KohyaSlot.inBlocks(from, to, "img_attn_proj", "attn.to_out.0"));
        slots.add(KohyaSlot.inBlocks(from, to, "img_mlp_0", "ff.net.0.proj"));
        slots.add(KohyaSlot.inBlocks(from, to, "img_mlp_2", "ff.net.2"));
        slots.add(KohyaSlot.inBlocks(from, to, "img_mod_lin", "norm1.linear"));
        slots.add(
                KohyaSlot.inBlocks(from, to, "txt_attn_qkv", "attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"));
        slots.add(KohyaSlot.inBlocks(from, to, "txt_attn_proj", "attn.to_add_out"));
        slots.add(KohyaSlot.inBlocks(from, to, "txt_mlp_0", "ff_context.net.0.proj"));
        slots.add(KohyaSlot.inBlocks(from, to, "txt_mlp_2", "ff_context.net.2"));
        slots.add(KohyaSlot.inBlocks(from, to, "txt_mod_lin", "norm1_context.linear"));
        from = "single_transformer_blocks";
        to = "single_blocks";
        slots.add(KohyaSlot.inBlocks(from, to, "linear1", "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
        slots.add(KohyaSlot.inBlocks(from, to, "linear2", "proj_out"));
        slots.add(KohyaSlot.inBlocks(from, to, "modulation_lin", "norm.linear"));
        slots.add(KohyaSlot.alone("img_in", "x_embedder"));
        slots.add(KohyaSlot.alone("txt_in", "context_embedder"));
        for (String[] embedder : new String[][] {
            {"time_in", "timestep_embedder"}, {"vector_in", "text_embedder"}, {"guidance_in", "guidance_embedder"}
        }) {
            slots.add(KohyaSlot.alone(embedder[0] + "_in_layer", "time_text_embed." + embedder[1] + ".linear_1"));
            slots.add(KohyaSlot.alone(embedder[0] + "_out_layer", "time_text_embed." + embedder[1] + ".linear_2"));
        }
        slots.add(KohyaSlot.alone("final_layer_adaLN_modulation_1", "norm_out.linear"));
        slots.add(KohyaSlot.alone("final_layer_linear", "proj_out"));
        return List.copyOf(slots);
    }
}
