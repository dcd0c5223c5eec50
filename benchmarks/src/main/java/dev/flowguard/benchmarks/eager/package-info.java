/** Our forward and backward against PyTorch's, alternating in one run. */
@NullMarked
package dev.flowguard.benchmarks.eager;

import org.jspecify.annotations.NullMarked;
