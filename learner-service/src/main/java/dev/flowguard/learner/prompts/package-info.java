/**
 * Prompt sets: files that are read line by line and stay on the disk. A run draws from them by index; of each prompt, memory
 * holds where it lies and a checksum.
 */
@NullMarked
package dev.flowguard.learner.prompts;

import org.jspecify.annotations.NullMarked;
