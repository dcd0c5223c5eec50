@NullMarked
package dev.flowguard.learner;

import org.jspecify.annotations.NullMarked;
