package dev.flowguard.cli.report;

import java.util.List;

/**
 * Images of one policy, in the order of the evaluation prompts.
 *
 * @param policyVersion the policy that drew them
 * @param iteration how many iterations it had been trained for
 */
public record SampleSheet(long policyVersion, int iteration, List<Sample> samples) {

    public SampleSheet {
        samples = List.copyOf(samples);
    }
}
