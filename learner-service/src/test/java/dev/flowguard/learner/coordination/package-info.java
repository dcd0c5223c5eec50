@NullMarked
package dev.flowguard.learner.coordination;

import org.jspecify.annotations.NullMarked;
