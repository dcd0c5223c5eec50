package dev.flowguard.cli;

import java.io.PrintWriter;
import java.util.Locale;

/** Findings as lines of text, each printed as soon as it is known. */
public final class FindingTable {

    private final PrintWriter out;
    private final int width;

    /** @param width of the column of subjects: the length of the longest */
    public FindingTable(PrintWriter out, int width) {
        this.out = out;
        this.width = width;
    }

    public void add(Finding finding) {
        line(finding.verdict().word(), finding.subject(), finding.text());
        if (!finding.mend().isEmpty()) {
            line("", "", "-> " + finding.mend());
        }
        out.flush();
    }

    private void line(String verdict, String subject, String text) {
        out.printf(
                Locale.ROOT,
                "%-7s  %s  %s%n",
                verdict,
                subject + " ".repeat(Math.max(0, width - subject.length())),
                text);
    }
}
