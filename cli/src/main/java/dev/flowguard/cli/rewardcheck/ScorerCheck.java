package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import io.grpc.Deadline;

/** Something that callers rely on of every scorer. Stateless. */
interface ScorerCheck {

    String name();

    /**
     * Looks.
     *
     * @param deadline when to give up; every wait of the check ends then
     * @throws Fault if callers cannot rely on it
     */
    Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException;
}
