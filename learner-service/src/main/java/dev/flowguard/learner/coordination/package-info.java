/** The learner's side of the road: which groups exist, who samples them, and what came back. */
@NullMarked
package dev.flowguard.learner.coordination;

import org.jspecify.annotations.NullMarked;
