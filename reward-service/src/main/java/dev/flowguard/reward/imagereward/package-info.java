/** The reward {@code image-reward}: how people would rate an image for its prompt, by a BLIP. */
@NullMarked
package dev.flowguard.reward.imagereward;

import org.jspecify.annotations.NullMarked;
