@NullMarked
package dev.flowguard.reward.ocr;

import org.jspecify.annotations.NullMarked;
