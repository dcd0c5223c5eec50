/** {@code flowguard doctor}: says before a run whether it can be, and how much memory it takes. */
@NullMarked
package dev.flowguard.cli.doctor;

import org.jspecify.annotations.NullMarked;
