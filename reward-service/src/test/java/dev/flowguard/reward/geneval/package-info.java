@NullMarked
package dev.flowguard.reward.geneval;

import org.jspecify.annotations.NullMarked;
