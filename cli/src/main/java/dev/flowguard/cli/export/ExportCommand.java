package dev.flowguard.cli.export;

import dev.flowguard.cli.Logs;
import dev.flowguard.models.AdapterFiles;
import dev.flowguard.models.AdapterFormat;
import dev.flowguard.models.SavedAdapter;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard export}. */
@Command(
        name = "export",
        description = "Writes the LoRA of a run for PEFT, diffusers or ComfyUI, at full strength. Also of a run that is"
                + " still going or was killed, and from one format to another.",
        mixinStandardHelpOptions = true)
public final class ExportCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "SOURCE",
            description = "A run's folder, one of its checkpoints, or a LoRA: a folder or a .safetensors file of PEFT,"
                    + " diffusers or kohya.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path source;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            description = "peft, diffusers, or kohya (for ComfyUI and sd-scripts).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private AdapterFormat format;

    @Option(
            names = "--output",
            required = true,
            paramLabel = "FOLDER",
            description = "A new folder. For kohya the file in it has the folder's name.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path output;

    @Option(
            names = "--ema",
            negatable = true,
            description = "Take the moving average of a run instead of its last policy.")
    private boolean ema;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            defaultValue = "float32",
            description = "float32, float16 or bfloat16 (default: ${DEFAULT-VALUE}).")
    private DType dtype = DType.FLOAT32;

    @Option(
            names = "--base-model",
            paramLabel = "FOLDER",
            description = "The pipeline that the LoRA is for, where the source does not say.")
    private @Nullable Path baseModel;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Logs.warningsOnly();
        Device device = Device.cpu();
        Path file = Compute.on(device).inference(() -> {
            SavedAdapter adapter = AdapterSource.read(source, ema, device);
            if (baseModel != null) {
                adapter = adapter.withBaseModel(baseModel.toString());
            }
            return AdapterFiles.export(output, adapter, format, dtype);
        });
        explain(spec.commandLine().getOut(), file);
        return ExitCode.OK;
    }

    private void explain(PrintWriter out, Path file) {
        Path folder = output.toAbsolutePath().normalize();
        out.println(file + " is written.");
        out.println(
                switch (format) {
                    case PEFT -> "In Python: PeftModel.from_pretrained(pipe.transformer, \"" + folder + "\")";
                    case DIFFUSERS -> "In Python: pipe.load_lora_weights(\"" + folder + "\")";
                    case KOHYA ->
                        "In ComfyUI: copy it to models/loras and choose it in a Load LoRA node, strength_model 1.0";
                });
    }
}
