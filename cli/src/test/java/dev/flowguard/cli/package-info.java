@NullMarked
package dev.flowguard.cli;

import org.jspecify.annotations.NullMarked;
