/** How corrupted an image is, without knowing what it should show. */
@NullMarked
package dev.flowguard.reward.artefact;

import org.jspecify.annotations.NullMarked;
