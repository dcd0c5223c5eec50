@NullMarked
package dev.flowguard.cli.report;

import org.jspecify.annotations.NullMarked;
