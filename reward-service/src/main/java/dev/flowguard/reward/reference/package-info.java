/** The likeness to reference images of the same prompt. */
@NullMarked
package dev.flowguard.reward.reference;

import org.jspecify.annotations.NullMarked;
