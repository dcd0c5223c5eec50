/** The reward service under load: throughput, the price of the RPC, and what it does when far too much is asked of it. */
@NullMarked
package dev.flowguard.benchmarks.reward;

import org.jspecify.annotations.NullMarked;
