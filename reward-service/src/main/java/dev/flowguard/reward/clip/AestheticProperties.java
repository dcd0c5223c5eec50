package dev.flowguard.reward.clip;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.ConstructorBinding;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the scorer {@code aesthetic}, below {@code flowguard.reward.aesthetic}; all but the head as in {@link ClipProperties}.
 *
 * @param head safetensors file of the predictor's linear layers; the scorer does not start without
 */
public record AestheticProperties(
        @Nullable Path model,
        @Nullable Path processor,
        @Nullable Path head,
        @DefaultValue("cpu") String device,
        @DefaultValue("float32") String dtype,
        @Nullable Integer imagesPerPass) {

    /** What settings are bound to. */
    @ConstructorBinding
    public AestheticProperties {}

    /** With as many images in a pass as the device likes. */
    public AestheticProperties(
            @Nullable Path model, @Nullable Path processor, @Nullable Path head, String device, String dtype) {
        this(model, processor, head, device, dtype, null);
    }

    ClipProperties clip() {
        return new ClipProperties(model, processor, device, dtype, imagesPerPass);
    }
}
