/** What a run leaves for people: the self-contained report and the sample grids, made from the run's own files. */
@NullMarked
package dev.flowguard.cli.report;

import org.jspecify.annotations.NullMarked;
