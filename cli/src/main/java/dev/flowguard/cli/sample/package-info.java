/** {@code flowguard sample}: pictures from prompts. */
@NullMarked
package dev.flowguard.cli.sample;

import org.jspecify.annotations.NullMarked;
