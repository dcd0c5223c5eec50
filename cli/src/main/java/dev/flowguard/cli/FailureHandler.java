package dev.flowguard.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what went wrong into one line: exit code 2 where the caller can mend it, otherwise 1 and a file that holds the stack
 * trace.
 */
final class FailureHandler implements IParameterExceptionHandler, IExecutionExceptionHandler {

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        command.getErr()
                .println("flowguard: " + MendableFailure.oneLine(failure.getMessage()) + suggestion(failure) + "; see "
                        + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.USAGE;
    }

    private static String suggestion(ParameterException failure) {
        if (failure instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            return suggestions.isEmpty() ? "" : ", did you mean " + String.join(" or ", suggestions) + "?";
        }
        return "";
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        Optional<String> mendable = MendableFailure.describe(failure);
        if (mendable.isPresent()) {
            command.getErr().println("flowguard: " + mendable.get());
            return ExitCode.USAGE;
        }
        command.getErr()
                .println("flowguard: this should not have happened: " + MendableFailure.oneLine(String.valueOf(failure))
                        + writeTrace(failure));
        return ExitCode.SOFTWARE;
    }

    /** Where the stack trace can be read, as the end of a sentence. */
    private static String writeTrace(Exception failure) {
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        try {
            Path file = Files.createTempFile("flowguard-failure-", ".log");
            Files.writeString(file, trace.toString(), StandardCharsets.UTF_8);
            return "; details in " + file;
        } catch (IOException unwritable) {
            return "\n" + trace;
        }
    }
}
