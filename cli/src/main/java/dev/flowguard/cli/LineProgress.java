package dev.flowguard.cli;

import java.io.PrintWriter;

/** A line an iteration. */
final class LineProgress implements RunProgress {

    private final PrintWriter out;

    LineProgress(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void show(ProgressUpdate update) {
        String remaining = update.remaining()
                .map(left -> ", " + ProgressUpdate.duration(left) + " left")
                .orElse("");
        out.println("iteration " + update.iteration() + "/" + update.iterations() + ": " + update.scores() + remaining);
    }

    @Override
    public void note(String line) {
        out.println(line);
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
