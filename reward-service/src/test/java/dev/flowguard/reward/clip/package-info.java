@NullMarked
package dev.flowguard.reward.clip;

import org.jspecify.annotations.NullMarked;
