@NullMarked
package dev.flowguard.learner.output;

import org.jspecify.annotations.NullMarked;
