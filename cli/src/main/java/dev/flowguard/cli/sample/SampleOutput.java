package dev.flowguard.cli.sample;

import com.google.protobuf.ByteString;
import dev.flowguard.cli.report.Sample;
import dev.flowguard.cli.report.SampleGrid;
import dev.flowguard.cli.report.SampleSheet;
import dev.flowguard.models.PngImage;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Where pictures go: one file, a folder of numbered ones, or all of them on one sheet. */
final class SampleOutput {

    private static final int COLUMNS = 4;
    private static final Pattern NUMBERED = Pattern.compile("(\\d{5})-.*\\.png");

    private final Path target;
    private final boolean grid;
    private final List<Sample> samples = new ArrayList<>();
    private final List<Path> written = new ArrayList<>();
    private int next;

    /**
     * Looks whether it can be written to, before anything is drawn.
     *
     * @param target a {@code .png} file, or a folder, in which no picture is overwritten
     * @param grid whether to put all pictures on one sheet
     * @throws InputException if the pictures cannot go there
     */
    SampleOutput(Path target, boolean grid, int pictures) {
        this.target = target;
        this.grid = grid;
        if (!isFile()) {
            next = firstFree();
        } else if (pictures > 1 && !grid) {
            throw new InputException(target + " is one file for " + pictures
                    + " pictures: name a folder, or put them on one sheet with --grid");
        }
    }

    void add(Painter.Order order, byte[] png) {
        if (grid) {
            samples.add(new Sample(order.prompt(), order.seed(), Map.of(), Map.of(), ByteString.copyFrom(png)));
        } else {
            write(
                    isFile() ? target : target.resolve(String.format(Locale.ROOT, "%05d-%d.png", next++, order.seed())),
                    png);
        }
    }

    /** Writes what waits for the last picture; what was written in all. */
    List<Path> finish() {
        if (grid) {
            byte[] sheet =
                    withTexts(new SampleGrid(Math.min(COLUMNS, samples.size())).draw(new SampleSheet(0, 0, samples)));
            write(isFile() ? target : target.resolve(String.format(Locale.ROOT, "%05d-grid.png", next)), sheet);
        }
        return List.copyOf(written);
    }

    /** A sheet has what its first picture says, and the settings of them all. */
    private byte[] withTexts(byte[] sheet) {
        List<Map<String, String>> each = samples.stream()
                .map(sample -> PngImage.texts(sample.png().toByteArray()))
                .toList();
        Map<String, String> texts = new LinkedHashMap<>(each.get(0));
        texts.put(
                SampleSettings.FLOWGUARD,
                each.stream()
                        .map(one -> one.getOrDefault(SampleSettings.FLOWGUARD, "null"))
                        .collect(Collectors.joining(",", "[", "]")));
        try (Scope scope = Scope.open()) {
            return PngImage.encode(PngImage.decode(Device.cpu(), sheet), texts);
        }
    }

    private void write(Path file, byte[] png) {
        AtomicFile.write(file, png);
        written.add(file);
    }

    private boolean isFile() {
        return target.toString().toLowerCase(Locale.ROOT).endsWith(".png");
    }

    private int firstFree() {
        try {
            Files.createDirectories(target);
            if (!Files.isWritable(target)) {
                throw new InputException(target + " cannot be written to: name another folder with --output");
            }
            int free = 0;
            try (DirectoryStream<Path> files = Files.newDirectoryStream(target, "*.png")) {
                for (Path file : files) {
                    Matcher matcher = NUMBERED.matcher(file.getFileName().toString());
                    if (matcher.matches()) {
                        free = Math.max(free, Integer.parseInt(matcher.group(1)) + 1);
                    }
                }
            }
            return free;
        } catch (IOException e) {
            throw new InputException(
                    target + " is no folder that can be written to (" + e + "): name another with" + " --output", e);
        }
    }
}
