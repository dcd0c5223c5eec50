package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import io.grpc.Deadline;

/** Something that callers rely on whichever scorer they ask. Stateless. */
interface EndpointCheck {

    String name();

    /**
     * Looks.
     *
     * @param deadline when to give up; every wait of the check ends then
     * @throws Fault if callers cannot rely on it
     */
    Finding examine(Endpoint endpoint, Deadline deadline) throws Fault, InterruptedException;
}
