/** {@code flowguard export}: the adapter of a run, for the programs that people draw with. */
@NullMarked
package dev.flowguard.cli.export;

import org.jspecify.annotations.NullMarked;
