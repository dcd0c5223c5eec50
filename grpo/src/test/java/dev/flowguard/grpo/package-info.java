@NullMarked
package dev.flowguard.grpo;

import org.jspecify.annotations.NullMarked;
