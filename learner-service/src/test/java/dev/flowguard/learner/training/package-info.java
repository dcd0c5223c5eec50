@NullMarked
package dev.flowguard.learner.training;

import org.jspecify.annotations.NullMarked;
