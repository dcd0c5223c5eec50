package dev.flowguard.reward.geneval;

import java.util.Optional;

/**
 * An object that a detector saw.
 *
 * @param object its class, by the name that prompts give it
 * @param score how sure the detector is, in [0, 1]
 * @param box where it is, inside the image
 * @param mask of the whole image; empty if the detector gives none
 */
record Detection(String object, float score, Box box, Optional<Mask> mask) {}
