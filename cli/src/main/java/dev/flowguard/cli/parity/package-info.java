/** {@code flowguard parity}: our components against what their Python originals computed. */
@NullMarked
package dev.flowguard.cli.parity;

import org.jspecify.annotations.NullMarked;
