/** The run's output folder; every write is atomic. */
@NullMarked
package dev.flowguard.learner.output;

import org.jspecify.annotations.NullMarked;
