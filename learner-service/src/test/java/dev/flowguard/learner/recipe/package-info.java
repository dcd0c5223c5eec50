@NullMarked
package dev.flowguard.learner.recipe;

import org.jspecify.annotations.NullMarked;
