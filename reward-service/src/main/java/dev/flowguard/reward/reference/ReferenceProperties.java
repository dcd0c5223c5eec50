package dev.flowguard.reward.reference;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the scorer {@code reference-similarity}, below {@code flowguard.reward.reference-similarity}.
 *
 * @param index the file that says which image is the reference of which prompt ({@link ReferenceIndex}); needed by the scorer
 */
public record ReferenceProperties(@Nullable Path index) {}
