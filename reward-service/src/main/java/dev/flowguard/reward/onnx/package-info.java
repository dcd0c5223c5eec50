/** Networks that users give as ONNX files, run by ONNX Runtime on the CPU. The only package that knows it. */
@NullMarked
package dev.flowguard.reward.onnx;

import org.jspecify.annotations.NullMarked;
