package dev.flowguard.cli;

import dev.flowguard.cli.doctor.DoctorCommand;
import dev.flowguard.cli.export.ExportCommand;
import dev.flowguard.cli.parity.ParityCommand;
import dev.flowguard.cli.pretrain.PretrainCommand;
import dev.flowguard.cli.rewardcheck.RewardCheckCommand;
import dev.flowguard.cli.sample.SampleCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line.
 *
 * <p>Exit codes: 0 done, 1 a defect of FlowGuard itself (with a file that describes it), 2 something the caller can mend (one
 * line on standard error says what, where and how), 3 a run that its sentinel halted (everything is written), 130 stopped by Ctrl-C with everything written.
 */
@Command(
        name = "flowguard",
        description = "Aligns flow-matching text-to-image models by online reinforcement learning.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TrainCommand.class,
            PresetsCommand.class,
            DoctorCommand.class,
            ServeCommand.class,
            RewardCheckCommand.class,
            SampleCommand.class,
            ExportCommand.class,
            PretrainCommand.class,
            ParityCommand.class,
            CompareCommand.class
        })
public final class Main {

    /** Exit code of a run that its sentinel halted. */
    static final int HALTED = 3;

    private Main() {}

    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(commandLine(out, err).execute(args));
    }

    /** The commands, writing to the given streams and never ending the JVM. */
    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        FailureHandler failures = new FailureHandler();
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures);
    }
}
