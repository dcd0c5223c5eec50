package dev.flowguard.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code flowguard serve}: one service as a process of its own. */
@Command(
        name = "serve",
        description = "Runs one service as a process of its own, until Ctrl-C.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "SERVICE",
        subcommands = {ServeRewardCommand.class, ServeRolloutCommand.class, ServeLearnerCommand.class})
final class ServeCommand implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "which service? One of " + spec.subcommands().keySet());
    }
}
