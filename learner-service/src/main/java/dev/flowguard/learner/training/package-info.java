/** The training loop and everything one room further in. */
@NullMarked
package dev.flowguard.learner.training;

import org.jspecify.annotations.NullMarked;
