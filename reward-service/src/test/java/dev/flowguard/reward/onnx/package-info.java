@NullMarked
package dev.flowguard.reward.onnx;

import org.jspecify.annotations.NullMarked;
