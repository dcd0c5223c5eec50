package dev.flowguard.cli.report;

/** Where a run stands when its report is written. */
public enum RunStatus {
    RUNNING,
    FINISHED,
    INTERRUPTED,
    /** The sentinel ended it. */
    HALTED,
    FAILED
}
