/** GenEval: whether the objects that a prompt asks for are there, in number, colour and place, as a detector and CLIP see it. */
@NullMarked
package dev.flowguard.reward.geneval;

import org.jspecify.annotations.NullMarked;
