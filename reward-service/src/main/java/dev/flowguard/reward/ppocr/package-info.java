/** PP-OCR, PaddleOCR's two-stage reader: a network finds lines of text, another reads each. */
@NullMarked
package dev.flowguard.reward.ppocr;

import org.jspecify.annotations.NullMarked;
