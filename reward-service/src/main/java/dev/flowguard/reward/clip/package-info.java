/** Rewards that a CLIP gives: how well an image goes with its prompt, or how people would rate it. */
@NullMarked
package dev.flowguard.reward.clip;

import org.jspecify.annotations.NullMarked;
