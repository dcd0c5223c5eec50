package dev.flowguard.models;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** What transformers makes of the thousand prompts of tools/parity/tokenizers: {@code ids.txt.gz}, a line a prompt. */
final class GoldenIds {

    private GoldenIds() {}

    static List<String> prompts() {
        return Golden.prompts("prompts-1000.json");
    }

    /** Special tokens included, neither cut nor padded. */
    static List<long[]> read(Path folder) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(folder.resolve("ids.txt.gz"))), StandardCharsets.US_ASCII))) {
            return lines.lines()
                    .map(line -> Arrays.stream(line.split(" ", -1))
                            .mapToLong(Long::parseLong)
                            .toArray())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
