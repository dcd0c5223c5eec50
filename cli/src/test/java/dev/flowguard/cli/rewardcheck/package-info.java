@NullMarked
package dev.flowguard.cli.rewardcheck;

import org.jspecify.annotations.NullMarked;
