/** The run file: what a run is, read strictly from YAML. */
@NullMarked
package dev.flowguard.learner.recipe;

import org.jspecify.annotations.NullMarked;
