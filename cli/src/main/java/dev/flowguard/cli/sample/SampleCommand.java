package dev.flowguard.cli.sample;

import dev.flowguard.cli.Logs;
import dev.flowguard.cli.export.AdapterSource;
import dev.flowguard.learner.prompts.PromptFile;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.Guidance;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.PipelineDigest;
import dev.flowguard.models.SavedAdapter;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard sample}. */
@Command(
        name = "sample",
        description = "Draws pictures from prompts. The same settings draw the same bytes, and every picture holds"
                + " its settings.",
        mixinStandardHelpOptions = true)
public final class SampleCommand implements Callable<Integer> {

    private static final String ADAPTER_NAME = "sampled";

    @Parameters(
            paramLabel = "SOURCE",
            description =
                    "A diffusers pipeline folder, a recipe, or the folder of a run, which is drawn with its LoRA.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path source;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "What to draw. May be repeated.")
    private final List<String> prompts = new ArrayList<>();

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "More prompts, one a line.")
    private @Nullable Path promptFile;

    @Option(names = "--negative-prompt", paramLabel = "TEXT", description = "What to steer away from, under guidance.")
    private @Nullable String negativePrompt;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "0",
            description = "Seed of the first picture of each prompt (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = {"-n", "--images"},
            paramLabel = "N",
            defaultValue = "1",
            description = "Pictures of each prompt, with consecutive seeds (default: ${DEFAULT-VALUE}).")
    private int images = 1;

    @Option(names = "--steps", paramLabel = "T", description = "Denoising steps.")
    private @Nullable Integer steps;

    @Option(names = "--guidance-scale", paramLabel = "W", description = "How far to follow the prompt; 1 for none.")
    private @Nullable Double guidanceScale;

    @Option(names = "--height", paramLabel = "PIXELS", description = "Height of the pictures.")
    private @Nullable Integer height;

    @Option(names = "--width", paramLabel = "PIXELS", description = "Width of the pictures.")
    private @Nullable Integer width;

    @Option(
            names = "--adapter",
            paramLabel = "LORA",
            description = "A LoRA of PEFT, diffusers or kohya: a folder or a .safetensors file; or a run.")
    private @Nullable Path adapter;

    @Option(
            names = "--adapter-scale",
            paramLabel = "X",
            defaultValue = "1",
            description = "Strength of the LoRA; 0 leaves it out (default: ${DEFAULT-VALUE}).")
    private double adapterScale = 1;

    @Option(names = "--ema", negatable = true, description = "Take the moving average of a run's LoRA.")
    private boolean ema;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1",
            description = "Pictures drawn together: faster, but with more memory, and the last bits may depend on it"
                    + " (default: ${DEFAULT-VALUE}).")
    private int batch = 1;

    @Option(names = "--grid", description = "Put all pictures on one sheet.")
    private boolean grid;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu, cuda:0, ... (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Option(
            names = "--output",
            paramLabel = "PATH",
            defaultValue = "samples",
            description = "A .png file, or a folder, in which nothing is overwritten (default: ${DEFAULT-VALUE}).")
    private Path output = Path.of("samples");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Logs.warningsOnly();
        List<Painter.Order> orders = orders();
        if (batch < 1 || batch > 1024) {
            throw new InputException("--batch " + batch + ": must be from 1 to 1024");
        }
        if (!(adapterScale >= 0) || Double.isInfinite(adapterScale)) {
            throw new InputException("--adapter-scale " + adapterScale + ": must be 0 or more");
        }
        SampleSource from = SampleSource.of(source);
        Device on = Device.parse(device);
        SampleOutput out = new SampleOutput(output, grid, orders.size());
        try (FlowPipeline pipeline = FlowPipeline.load(from.pipeline(), LoadOptions.on(on));
                Attached attached = attach(pipeline, from, on)) {
            SampleSettings settings = settings(from, attached.description());
            pipeline.latentShape(settings.height(), settings.width());
            draw(new Painter(pipeline, settings), orders, settings.steps(), out);
        }
        out.finish().forEach(file -> spec.commandLine().getOut().println(file));
        return ExitCode.OK;
    }

    private List<Painter.Order> orders() {
        List<String> all = new ArrayList<>(prompts);
        if (promptFile != null) {
            all.addAll(PromptFile.read(promptFile));
        }
        if (all.isEmpty()) {
            throw new InputException("nothing to draw: say what with --prompt TEXT or --prompt-file FILE");
        }
        if (images < 1 || images > 10_000) {
            throw new InputException("--images " + images + ": must be from 1 to 10000");
        }
        List<Painter.Order> orders = new ArrayList<>();
        for (String prompt : all) {
            for (int i = 0; i < images; i++) {
                orders.add(new Painter.Order(prompt, seed + i));
            }
        }
        return orders;
    }

    private SampleSettings settings(SampleSource from, SampleSettings.@Nullable Adapter attached) {
        Guidance guidance = new Guidance(
                guidanceScale == null ? from.guidance().scale() : guidanceScale,
                from.guidance().trueCfgScale(),
                negativePrompt == null ? from.guidance().negativePrompt() : negativePrompt);
        return new SampleSettings(
                from.pipeline(),
                HexFormat.of().formatHex(PipelineDigest.ofTransformer(from.pipeline())),
                attached,
                height == null ? from.height() : height,
                width == null ? from.width() : width,
                steps == null ? from.steps() : steps,
                guidance,
                from.shift(),
                batch);
    }

    private Attached attach(FlowPipeline pipeline, SampleSource from, Device on) {
        Path lora = adapter == null ? from.run() : adapter;
        if (lora == null || adapterScale == 0) {
            return new Attached(null, null);
        }
        try (Scope scope = Scope.open()) {
            SavedAdapter saved = AdapterSource.read(lora, ema, on);
            byte[] tensors = Safetensors.encode(saved.tensors(), Map.of());
            SampleSettings.Adapter description =
                    new SampleSettings.Adapter(lora, DigestUtils.sha256Hex(tensors), adapterScale);
            return new Attached(
                    pipeline.transformer().adapters().attach(ADAPTER_NAME, saved.scaledBy(adapterScale)), description);
        }
    }

    /** The LoRA in use, or none. */
    private record Attached(@Nullable LoraAdapter adapter, SampleSettings.@Nullable Adapter description)
            implements AutoCloseable {

        @Override
        public void close() {
            if (adapter != null) {
                adapter.close();
            }
        }
    }

    private static void draw(Painter painter, List<Painter.Order> orders, int steps, SampleOutput out) {
        try (ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("drawing")
                .setInitialMax((long) orders.size())
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .build()) {
            painter.draw(orders, new Painter.Listener() {
                private int step;

                @Override
                public void step() {
                    step = step % steps + 1;
                    bar.setExtraMessage("step " + step + "/" + steps);
                }

                @Override
                public void finished(Painter.Order order, byte[] png) {
                    out.add(order, png);
                    bar.step();
                }
            });
        }
    }
}
