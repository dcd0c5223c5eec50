@NullMarked
package dev.flowguard.benchmarks;

import org.jspecify.annotations.NullMarked;
