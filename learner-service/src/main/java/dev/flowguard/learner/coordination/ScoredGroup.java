package dev.flowguard.learner.coordination;

import java.util.List;

/**
 * A group that came back whole: every latent, mean and score that must be here is here and finite.
 *
 * @param spec what was asked for
 * @param policyVersion the version that sampled it
 * @param workerId who sampled it
 * @param latentShape {@code [C, H, W]}; empty in evaluations
 * @param latents one row a latent, each {@code C · H · W} values; not to be written to
 * @param means one row a mean, likewise
 * @param members in the order of the lease
 * @param missing optional scores that are not here
 * @param times where the worker's time went
 */
public record ScoredGroup(
        GroupSpec spec,
        long policyVersion,
        String workerId,
        List<Long> latentShape,
        List<float[]> latents,
        List<float[]> means,
        List<ScoredMember> members,
        List<MissingScores> missing,
        Times times) {
    public ScoredGroup {
        latentShape = List.copyOf(latentShape);
        latents = List.copyOf(latents);
        means = List.copyOf(means);
        members = List.copyOf(members);
        missing = List.copyOf(missing);
    }

    /** Seconds of one worker: denoising, decoding, and waiting for scores. */
    public record Times(double sample, double decode, double score) {}
}
