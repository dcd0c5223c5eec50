@NullMarked
package dev.flowguard.reward.bridge;

import org.jspecify.annotations.NullMarked;
