@NullMarked
package dev.flowguard.reward;

import org.jspecify.annotations.NullMarked;
