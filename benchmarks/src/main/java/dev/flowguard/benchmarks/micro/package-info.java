/** JMH benchmarks of what a run does most. */
@NullMarked
package dev.flowguard.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
