package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.cli.Finding.Verdict;
import dev.flowguard.cli.FindingTable;
import dev.flowguard.cli.Logs;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** {@code flowguard reward-check}. Exit codes: 0 certified, 1 not, 2 something to mend before anything can be said. */
@Command(
        name = "reward-check",
        description = "Certifies a reward endpoint, in whatever language it is written, by calling it as a run would.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Exit code 0: callers can rely on it (warnings are advice), 1: they cannot, 2: it was not examined."
        })
public final class RewardCheckCommand implements Callable<Integer> {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,4})x([0-9]{1,4})");
    private static final int SMALLEST_SIDE = 16;
    private static final int LARGEST_SIDE = 2048;

    @Option(names = "--target", paramLabel = "HOST:PORT", required = true, description = "Where the endpoint listens.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String target;

    @Option(
            names = "--scorer",
            paramLabel = "ID",
            description = "Examine this one alone, instead of every scorer there.")
    private @Nullable String scorer;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "Prompt to send the golden images with, in place of the usual ones. May be repeated.")
    private List<String> prompts = List.of();

    @Option(
            names = "--metadata",
            paramLabel = "FILE",
            description =
                    "JSON objects, one a line, such as a prompt set's metadata.jsonl: the metadata of the prompts,"
                            + " and the prompts themselves where --prompt is not given.")
    private @Nullable Path metadata;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            defaultValue = "128x64",
            description = "Size of the golden images in pixels (default: ${DEFAULT-VALUE}).")
    private String size = "128x64";

    @Option(
            names = "--expect",
            paramLabel = "FILE",
            description = "Scores that the golden images must have, as --write-expect wrote them.")
    private @Nullable Path expect;

    @Option(names = "--write-expect", paramLabel = "FILE", description = "Write the golden images' scores there.")
    private @Nullable Path writeExpect;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            defaultValue = "1e-4",
            description = "Largest difference from an expected score, relative where that is above 1"
                    + " (default: ${DEFAULT-VALUE}).")
    private double tolerance = 1e-4;

    @Option(
            names = "--deadline",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "How long each check may take; give a slow scorer more (default: ${DEFAULT-VALUE}).")
    private int seconds = 30;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the table there too, as JSON.")
    private @Nullable Path json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        Logs.warningsOnly();
        if (seconds < 1) {
            throw new InputException("--deadline must be at least 1 second, not " + seconds);
        }
        ExpectedScores expected = expect == null ? null : ExpectedScores.read(expect);
        GoldenItems golden = golden();
        PrintWriter out = spec.commandLine().getOut();
        FindingTable table = new FindingTable(out, Certification.widestName());
        try (Endpoint endpoint = Endpoint.at(target)) {
            Certification certification =
                    new Certification(endpoint, golden, expected, tolerance, Duration.ofSeconds(seconds), table::add);
            certification.run(scorer);
            summarise(certification, out);
            if (json != null) {
                write(certification, json);
            }
            if (writeExpect != null && certification.passed()) {
                ExpectedScores.of(certification.candidates()).write(writeExpect);
            }
            return certification.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private GoldenItems golden() {
        Matcher sides = SIZE.matcher(size);
        if (!sides.matches()) {
            throw new InputException("--size: write it as WIDTHxHEIGHT, for example 128x64, not " + size);
        }
        int width = Integer.parseInt(sides.group(1));
        int height = Integer.parseInt(sides.group(2));
        if (Math.min(width, height) < SMALLEST_SIDE || Math.max(width, height) > LARGEST_SIDE) {
            throw new InputException(
                    "--size: sides are %d to %d pixels, not %s".formatted(SMALLEST_SIDE, LARGEST_SIDE, size));
        }
        return new GoldenItems(PromptCases.of(prompts, metadata), width, height);
    }

    private void summarise(Certification certification, PrintWriter out) {
        List<Finding> findings = certification.findings();
        long failed = findings.stream()
                .filter(finding -> finding.verdict() == Verdict.FAILED)
                .count();
        long warnings = findings.stream()
                .filter(finding -> finding.verdict() == Verdict.WARNING)
                .count();
        String advice = warnings == 0 ? "" : "; %d of them with advice".formatted(warnings);
        out.println();
        out.println(
                failed == 0
                        ? "%s is certified: %d checks passed%s".formatted(target, findings.size(), advice)
                        : "%s is not certified: %d of %d checks failed".formatted(target, failed, findings.size()));
        out.flush();
    }

    private void write(Certification certification, Path file) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("target", target);
        root.put("certified", certification.passed());
        List<Map<String, Object>> checks = new ArrayList<>();
        for (Finding finding : certification.findings()) {
            Map<String, Object> check = new LinkedHashMap<>();
            check.put("check", finding.subject());
            check.put("outcome", finding.verdict().word());
            check.put("text", finding.text());
            check.put("mend", finding.mend());
            checks.add(check);
        }
        root.put("checks", checks);
        root.put("golden", ExpectedScores.of(certification.candidates()).scorers());
        AtomicFile.write(
                file,
                JsonMapper.builder()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .build()
                        .writeValueAsBytes(root));
    }
}
