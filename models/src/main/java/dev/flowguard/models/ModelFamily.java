package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.List;

/** The kinds of model that pipelines are of, as far as they are used differently. */
public enum ModelFamily {
    /** Stable Diffusion 3, 3.5 Medium and 3.5 Large: classifier-free guidance. */
    STABLE_DIFFUSION_3,
    /** FLUX.1-dev and its kin: distilled from guidance, whose scale is an input of the network. */
    FLUX_DEV,
    /** FLUX.1-schnell and its kin: neither guided nor told a scale. */
    FLUX_SCHNELL;

    /** What FLUX.1-dev is drawn with unless told otherwise, as in diffusers' pipeline. */
    private static final double FLUX_DEV_GUIDANCE = 3.5;

    /**
     * The family of a pipeline directory; reads no weights.
     *
     * @throws InputException if this is no pipeline, or one of another class
     */
    public static ModelFamily of(Path directory) {
        PipelineFolder folder = PipelineFolder.open(directory);
        return switch (folder.className()) {
            case StableDiffusion3Pipeline.CLASS_NAME -> STABLE_DIFFUSION_3;
            case FluxPipeline.CLASS_NAME -> of(FluxTransformerConfig.read(folder.config("transformer")));
            default -> throw folder.unknownClass();
        };
    }

    static ModelFamily of(FluxTransformerConfig config) {
        return config.guidanceEmbeds() ? FLUX_DEV : FLUX_SCHNELL;
    }

    /** The linear layers that flow_grpo adapts in such a model, as PEFT's {@code target_modules}. */
    public List<String> loraTargets() {
        return this == STABLE_DIFFUSION_3 ? LoraConfig.SD3_ATTENTION : LoraConfig.FLUX_BLOCKS;
    }

    /**
     * The {@code guidance_scale} of a user who says nothing.
     *
     * @param classifierFree what it is where guidance is classifier-free
     */
    public double guidanceScale(double classifierFree) {
        return switch (this) {
            case STABLE_DIFFUSION_3 -> classifierFree;
            case FLUX_DEV -> FLUX_DEV_GUIDANCE;
            case FLUX_SCHNELL -> 1;
        };
    }

    /**
     * Checks that a model of this family has a use for every part of a guidance.
     *
     * @throws InputException if it has not
     */
    public void requireUse(Guidance guidance) {
        use(guidance);
    }

    Guidance.Use use(Guidance guidance) {
        if (this == STABLE_DIFFUSION_3) {
            if (guidance.trueCfgScale() != 1) {
                throw new InputException("true_cfg_scale is FLUX's, and this is Stable Diffusion 3:"
                        + " write guidance_scale, which is classifier-free guidance here");
            }
            return new Guidance.Use(guidance.scale(), null);
        }
        if (this == FLUX_SCHNELL && guidance.scale() != 1) {
            throw new InputException("guidance_scale has no use in this FLUX model, which has no guidance embedding:"
                    + " leave it out, or write true_cfg_scale for classifier-free guidance");
        }
        return new Guidance.Use(guidance.trueCfgScale(), this == FLUX_DEV ? guidance.scale() : null);
    }
}
