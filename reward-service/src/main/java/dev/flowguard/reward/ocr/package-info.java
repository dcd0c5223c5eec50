/** The OCR reward of Flow-GRPO, read by an embedded Tesseract. */
@NullMarked
package dev.flowguard.reward.ocr;

import org.jspecify.annotations.NullMarked;
