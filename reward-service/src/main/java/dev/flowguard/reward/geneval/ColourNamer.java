package dev.flowguard.reward.geneval;

import java.util.List;

/** Tells the colours of objects in one image. */
@FunctionalInterface
interface ColourNamer {

    /** The colour of each of these objects, all of one class, in their order. An object's colour does not depend on its company. */
    List<Colour> coloursOf(List<Detection> objects);
}
