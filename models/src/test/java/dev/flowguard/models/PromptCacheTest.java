package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PromptCacheTest {

    private final PromptCache cache = new PromptCache(30);

    @Test
    void dropsWhatWasNotAskedForLongest() {
        cache.put("a", entry());
        cache.put("b", entry());
        cache.put("c", entry());
        assertThat(cache.get("a")).isNotNull();
        cache.put("d", entry());
        assertThat(cache.get("b")).isNull();
        assertThat(cache.get("a")).isNotNull();
        assertThat(cache.get("c")).isNotNull();
        assertThat(cache.get("d")).isNotNull();
    }

    // INVARIANT: the entries never hold more floats than the capacity.
    @Test
    void neverHoldsMoreThanItsCapacity() {
        for (int i = 0; i < 100; i++) {
            cache.put("prompt " + i % 7, entry());
            assertThat(cache.size()).isLessThanOrEqualTo(3);
        }
        cache.put("large", new PromptCache.Entry(new float[31], 1, new float[0], 1));
        assertThat(cache.size()).isZero();
    }

    private static PromptCache.Entry entry() {
        return new PromptCache.Entry(new float[8], 4, new float[2], 1);
    }
}
