@NullMarked
package dev.flowguard.reward.jpeg;

import org.jspecify.annotations.NullMarked;
