package dev.flowguard.cli.pretrain;

import dev.flowguard.cli.report.SampleGrid;
import dev.flowguard.cli.report.SampleSheet;
import dev.flowguard.tensor.AtomicFile;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows one bar a phase with loss and remaining time, and draws a grid of samples at every spelling test. */
final class ConsoleProgress implements Progress, AutoCloseable {

    private static final int COLUMNS = 8;
    private static final int GRID_SAMPLES = 64;
    private static final int REFRESH_MILLIS = 500;
    private static final double SMOOTHING = .05;

    private final Path folder;
    private final SampleGrid grid = new SampleGrid(COLUMNS);
    private @Nullable ProgressBar bar;
    private String phase = "";
    private double smoothLoss = Double.NaN;
    private String spelling = "";

    ConsoleProgress(Path folder) {
        this.folder = folder;
    }

    @Override
    public void autoencoder(int step, int of, double loss) {
        show("autoencoder", step, of, smooth(loss));
    }

    @Override
    public void encoded(int signs, int of) {
        show("encoding", signs, of, "");
    }

    @Override
    public void flow(FlowTraining.Stage stage, int step, double loss) {
        boolean careful = stage == FlowTraining.Stage.CAREFUL;
        show(
                careful ? "flow" : "flow, careless captions",
                step,
                careful ? FlowTraining.CAREFUL_STEPS : FlowTraining.CARELESS_STEPS,
                smooth(loss) + spelling);
    }

    @Override
    public void spelling(int step, SpellingTest.Result result) {
        spelling = String.format(Locale.ROOT, "  OCR %.2f", result.score());
        SampleSheet sheet = new SampleSheet(
                0,
                step,
                result.samples()
                        .subList(0, Math.min(GRID_SAMPLES, result.samples().size())));
        AtomicFile.write(
                folder.resolve("samples").resolve(String.format(Locale.ROOT, "%05d.png", step)), grid.draw(sheet));
    }

    private String smooth(double loss) {
        smoothLoss = Double.isNaN(smoothLoss) ? loss : smoothLoss + SMOOTHING * (loss - smoothLoss);
        return String.format(Locale.ROOT, "loss %.4f", smoothLoss);
    }

    private void show(String newPhase, int step, int of, String message) {
        ProgressBar current = bar;
        if (current == null || !phase.equals(newPhase)) {
            close();
            phase = newPhase;
            smoothLoss = Double.NaN;
            current = new ProgressBarBuilder()
                    .setTaskName(newPhase)
                    .setInitialMax(of)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(REFRESH_MILLIS)
                    .build();
            bar = current;
        }
        current.stepTo(step);
        current.setExtraMessage(message);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
