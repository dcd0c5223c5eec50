package dev.flowguard.reward.imagereward;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of the scorer {@code image-reward}, below {@code flowguard.reward.image-reward}.
 *
 * @param model folder that {@code tools/rewards/convert_image_reward.py} writes; the scorer does not start without
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype what it computes in: {@code float32}, {@code float16} or {@code bfloat16}
 */
public record ImageRewardProperties(
        @Nullable Path model,
        @DefaultValue("cpu") String device,
        @DefaultValue("float32") String dtype) {}
