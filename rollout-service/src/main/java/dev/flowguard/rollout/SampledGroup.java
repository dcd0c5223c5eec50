package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Transition;
import java.time.Duration;
import java.util.List;

/**
 * A group that is drawn and not yet scored, in plain memory: it outlives the tensors it was read from. Members are in
 * the lease's order.
 *
 * @param latentShape shape of one latent in model space, [C, H, W]
 * @param latents the latent table: rows of C*H*W fp32, little-endian; empty in evaluations
 * @param means the mean table, rows as above; empty in evaluations
 * @param transitions each member's stochastic transitions by rising step, pointing into the tables
 * @param images each member's image
 * @param finalLatents each member's latent at sigma 0, a row as above
 * @param sampleTime how long the denoising loop took
 * @param decodeTime how long decoding took
 */
record SampledGroup(
        List<Long> latentShape,
        List<ByteString> latents,
        List<ByteString> means,
        List<List<Transition>> transitions,
        List<DrawnImage> images,
        List<ByteString> finalLatents,
        Duration sampleTime,
        Duration decodeTime) {

    SampledGroup {
        latentShape = List.copyOf(latentShape);
        latents = List.copyOf(latents);
        means = List.copyOf(means);
        transitions = List.copyOf(transitions);
        images = List.copyOf(images);
        finalLatents = List.copyOf(finalLatents);
    }
}
