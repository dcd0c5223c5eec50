@NullMarked
package dev.flowguard.tensor;

import org.jspecify.annotations.NullMarked;
