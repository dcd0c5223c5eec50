/** {@code flowguard pretrain}: makes the quickstart's base model from nothing, with the product's own stack. */
@NullMarked
package dev.flowguard.cli.pretrain;

import org.jspecify.annotations.NullMarked;
