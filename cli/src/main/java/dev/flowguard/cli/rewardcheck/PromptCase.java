package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.Struct;
import org.jspecify.annotations.Nullable;

/**
 * A prompt that golden images are sent with.
 *
 * @param metadata as the prompt set has it; null for none
 */
record PromptCase(String prompt, @Nullable Struct metadata) {}
