/** Rewards that are sizes of JPEG files. */
@NullMarked
package dev.flowguard.reward.jpeg;

import org.jspecify.annotations.NullMarked;
