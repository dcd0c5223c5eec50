@NullMarked
package dev.flowguard.reward.reference;

import org.jspecify.annotations.NullMarked;
