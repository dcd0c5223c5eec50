@NullMarked
package dev.flowguard.benchmarks.quickstart;

import org.jspecify.annotations.NullMarked;
