/** Whether {@code flowguard doctor} predicts the memory that {@code flowguard train} takes. */
@NullMarked
package dev.flowguard.benchmarks.memory;

import org.jspecify.annotations.NullMarked;
