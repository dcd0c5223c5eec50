/** The OCR reward of Flow-GRPO, read by an embedded Tesseract or by PP-OCR. */
@NullMarked
package dev.flowguard.reward.ocr;

import org.jspecify.annotations.NullMarked;
