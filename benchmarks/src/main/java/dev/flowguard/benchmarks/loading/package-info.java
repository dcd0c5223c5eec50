/** How long a checkpoint takes to load, and how much memory. */
@NullMarked
package dev.flowguard.benchmarks.loading;

import org.jspecify.annotations.NullMarked;
