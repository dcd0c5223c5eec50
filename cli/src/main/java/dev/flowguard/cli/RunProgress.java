package dev.flowguard.cli;

import java.io.PrintWriter;

/** Shows a person how a run goes. Not thread-safe. */
interface RunProgress extends AutoCloseable {

    /** An iteration has ended. */
    void show(ProgressUpdate update);

    /** Something happened that a person wants to know; it stays, and the progress goes on below it. */
    void note(String line);

    /** Leaves the line that was last shown and goes to the next. */
    @Override
    void close();

    /**
     * One line that is drawn over on a terminal; elsewhere (a file, a pipe, CI) a line an iteration.
     *
     * @param iterations how many the run has in all
     * @param done how many of them were done before, by the run that this one goes on from
     */
    static RunProgress on(boolean terminal, PrintWriter out, int iterations, int done) {
        return terminal ? new BarProgress(out, iterations, done) : new LineProgress(out);
    }
}
