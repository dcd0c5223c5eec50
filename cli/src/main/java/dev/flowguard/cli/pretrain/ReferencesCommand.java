package dev.flowguard.cli.pretrain;

import dev.flowguard.learner.prompts.PromptFile;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code flowguard pretrain references}: what the scorer {@code reference-similarity} compares the quickstart's signs with. */
@Command(
        name = "references",
        description = "Draws the sign that each prompt of the quickstart's world asks for, as references for the scorer"
                + " reference-similarity.",
        mixinStandardHelpOptions = true)
final class ReferencesCommand implements Callable<Integer> {

    private static final int COLUMNS = 16;
    private static final String SHEET = "signs.png";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Parameters(paramLabel = "PROMPTS", arity = "1..*", description = "Files of prompts, one a line.")
    private List<Path> files = List.of();

    @Option(
            names = "--output-dir",
            paramLabel = "FOLDER",
            required = true,
            description = "Where index.jsonl and the sheet of signs appear.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path outputDir;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<String> prompts = new ArrayList<>();
        files.forEach(file -> prompts.addAll(PromptFile.read(file)));
        int rows = (prompts.size() + COLUMNS - 1) / COLUMNS;
        BufferedImage sheet =
                new BufferedImage(COLUMNS * WordWorld.WIDTH, rows * WordWorld.HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
        Arrays.fill(((DataBufferByte) sheet.getRaster().getDataBuffer()).getData(), (byte) 255);
        WordWorld world = new WordWorld();
        StringBuilder index = new StringBuilder();
        for (int i = 0; i < prompts.size(); i++) {
            String prompt = prompts.get(i);
            String word = WordWorld.quoted(prompt)
                    .orElseThrow(() -> new InputException("'" + prompt
                            + "' names no word: put it between double quotes, as in: a sign saying \"HELP\""));
            int x = i % COLUMNS * WordWorld.WIDTH;
            int y = i / COLUMNS * WordWorld.HEIGHT;
            sheet.getRaster().setDataElements(x, y, WordWorld.WIDTH, WordWorld.HEIGHT, world.drawTypical(word));
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("prompt", prompt);
            line.put("image", SHEET);
            line.put("x", x);
            line.put("y", y);
            line.put("width", WordWorld.WIDTH);
            line.put("height", WordWorld.HEIGHT);
            line.put("shift", WordWorld.JITTER);
            index.append(JSON.writeValueAsString(line)).append('\n');
        }
        AtomicFile.write(outputDir.resolve(SHEET), png(sheet));
        AtomicFile.write(outputDir.resolve("index.jsonl"), index.toString());
        spec.commandLine().getOut().println(prompts.size() + " references are in " + outputDir.resolve("index.jsonl"));
        return 0;
    }

    private static byte[] png(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException impossible) {
            throw new UncheckedIOException("cannot encode an image in memory", impossible);
        }
        return bytes.toByteArray();
    }
}
