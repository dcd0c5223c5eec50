@NullMarked
package dev.flowguard.rollout;

import org.jspecify.annotations.NullMarked;
