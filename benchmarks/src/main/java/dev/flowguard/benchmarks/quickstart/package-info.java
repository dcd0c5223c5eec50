/** What the quickstart learns, how fast, and where its time goes. */
@NullMarked
package dev.flowguard.benchmarks.quickstart;

import org.jspecify.annotations.NullMarked;
