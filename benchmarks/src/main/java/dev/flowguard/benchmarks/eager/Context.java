package dev.flowguard.benchmarks.eager;

/** Which context tokens the two sides attend to. Both forms give both sides the same function to compute. */
enum Context {

    /** The tokens as they are, one zero token among them: equal token counts, so kernels and overhead are compared. */
    EQUAL_TOKENS("equal tokens"),

    /**
     * What a pipeline hands to its transformer: diffusers appends {@code max_sequence_length} zero tokens where T5 would
     * stand; ours computes one token that stands for all of them.
     */
    AS_PIPELINES_CALL("as the pipelines call it");

    private final String title;

    Context(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }
}
