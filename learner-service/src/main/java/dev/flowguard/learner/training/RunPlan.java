package dev.flowguard.learner.training;

import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.recipe.Recipe;

/**
 * What a run is, once its recipe is read and its model loaded.
 *
 * @param recipe complete
 * @param directory where it writes
 * @param firstIteration how many iterations were done before; 0 for a new run
 * @param adapterParameters how many numbers are trained
 */
public record RunPlan(Recipe recipe, RunDirectory directory, int firstIteration, long adapterParameters) {}
