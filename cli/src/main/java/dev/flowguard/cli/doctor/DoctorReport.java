package dev.flowguard.cli.doctor;

import dev.flowguard.cli.Finding;
import dev.flowguard.cli.FindingTable;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Findings and forecast as text. */
final class DoctorReport {
    private static final int BAR = 40;

    private final PrintWriter out;

    DoctorReport(PrintWriter out) {
        this.out = out;
    }

    void findings(List<Finding> findings) {
        int width = findings.stream()
                .mapToInt(finding -> finding.subject().length())
                .max()
                .orElse(0);
        FindingTable table = new FindingTable(out, width);
        findings.forEach(table::add);
    }

    void memory(MemoryForecast forecast, Machine machine) {
        out.println();
        process("flowguard train", forecast.train(), machine);
        out.println();
        out.printf(
                Locale.ROOT,
                "apart: learner %s, rollout worker %s%n",
                new ByteSize(forecast.learner().peak()),
                new ByteSize(forecast.rollout().peak()));
    }

    private void process(String name, MemoryForecast.Footprint process, Machine machine) {
        out.printf(Locale.ROOT, "%-44s %10s%n", name + ": peak memory", new ByteSize(process.peak()));
        for (MemoryForecast.Part part : process.parts()) {
            line(part, machine, "");
        }
        long most = process.phases().stream()
                .mapToLong(MemoryForecast.Part::bytes)
                .max()
                .orElse(0);
        for (MemoryForecast.Part part : process.phases()) {
            line(part, machine, part.bytes() == most && most >= process.loading() ? " <- counts" : "");
        }
        if (process.loading() > 0) {
            line(
                    new MemoryForecast.Part("files, while weights are converted", process.loading()),
                    machine,
                    process.loading() > most ? " <- counts" : "");
        }
    }

    private void line(MemoryForecast.Part part, Machine machine, String note) {
        int filled = (int) Math.min(BAR, Math.round((double) BAR * part.bytes() / machine.bytes()));
        out.printf(
                Locale.ROOT,
                "  %-42s %10s  %s%s%n",
                part.name(),
                new ByteSize(part.bytes()),
                "#".repeat(filled) + ".".repeat(BAR - filled),
                note);
    }
}
