package dev.flowguard.reward;

import com.google.protobuf.Struct;
import java.awt.image.BufferedImage;
import java.util.Optional;

/**
 * One decoded item.
 *
 * @param image the image to score, {@link BufferedImage#TYPE_3BYTE_BGR}, grey ones with three equal channels. Scorers do not write into it
 * @param prompt the prompt that the image was drawn from, whole; empty where the scorer does not ask for prompts
 * @param metadata what the prompt set says of the prompt beyond its words, in at most {@code flowguard.reward.limits.max-metadata-bytes}; empty
 *     where it says nothing, or where the scorer does not ask for metadata. Its shape is the caller's word: whoever reads it checks it
 */
public record ScoreItem(BufferedImage image, String prompt, Optional<Struct> metadata) {

    /** An item of a prompt without metadata. */
    public ScoreItem(BufferedImage image, String prompt) {
        this(image, prompt, Optional.empty());
    }
}
