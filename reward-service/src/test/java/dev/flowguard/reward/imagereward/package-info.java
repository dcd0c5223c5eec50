@NullMarked
package dev.flowguard.reward.imagereward;

import org.jspecify.annotations.NullMarked;
