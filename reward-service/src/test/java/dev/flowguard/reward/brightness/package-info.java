/** The Java scorer of {@code docs/rewards.md}: a test source, so that the document's code compiles and works. */
@NullMarked
package dev.flowguard.reward.brightness;

import org.jspecify.annotations.NullMarked;
