package dev.flowguard.rollout;

import dev.flowguard.proto.v1.LeaseReturned;

/** What a worker can say to the learner about its leases. Thread-safe; silent once the session is over. */
interface LeaseReplies {

    /** Asks for this many leases more. */
    void grant(int credits);

    /** Gives a lease back. */
    void giveBack(LeaseReturned returned);
}
