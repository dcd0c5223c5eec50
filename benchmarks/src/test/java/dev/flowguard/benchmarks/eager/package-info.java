@NullMarked
package dev.flowguard.benchmarks.eager;

import org.jspecify.annotations.NullMarked;
