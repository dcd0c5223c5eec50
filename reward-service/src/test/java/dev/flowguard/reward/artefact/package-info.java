@NullMarked
package dev.flowguard.reward.artefact;

import org.jspecify.annotations.NullMarked;
