package dev.flowguard.reward.clip;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.ConstructorBinding;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Which CLIP a scorer computes with, and how.
 *
 * @param model folder of a {@code CLIPModel} as transformers saves it; the scorer does not start without
 * @param processor folder of its tokenizer and of its image processor; null where they are in the model's folder
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype what it computes in: {@code float32}, {@code float16} or {@code bfloat16}
 * @param imagesPerPass most images that go through the network together. With 1 an item's score is the same to the bit whatever is scored
 *     beside it. Not above 256. Absent: 1 on the CPU, which gains nothing from more, and 32 on a GPU
 */
public record ClipProperties(
        @Nullable Path model,
        @Nullable Path processor,
        @DefaultValue("cpu") String device,
        @DefaultValue("float32") String dtype,
        @Nullable Integer imagesPerPass) {

    /** What settings are bound to. */
    @ConstructorBinding
    public ClipProperties {}

    /** With as many images in a pass as the device likes. */
    public ClipProperties(@Nullable Path model, @Nullable Path processor, String device, String dtype) {
        this(model, processor, device, dtype, null);
    }
}
