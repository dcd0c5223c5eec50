@NullMarked
package dev.flowguard.learner.prompts;

import org.jspecify.annotations.NullMarked;
