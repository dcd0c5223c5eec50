@NullMarked
package dev.flowguard.reward.ppocr;

import org.jspecify.annotations.NullMarked;
