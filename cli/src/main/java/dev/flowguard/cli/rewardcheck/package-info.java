/**
 * {@code flowguard reward-check}: certifies an endpoint of {@code flowguard.v1.Scorer}, in whatever language it is written. Knows the wire
 * contract and nothing of the services.
 */
@NullMarked
package dev.flowguard.cli.rewardcheck;

import org.jspecify.annotations.NullMarked;
