package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.models.AutoencoderKlConfig;
import dev.flowguard.models.ClipTextConfig;
import dev.flowguard.models.ClipTextEncoder;
import dev.flowguard.models.ClipTokenizer;
import dev.flowguard.models.ClipVocabulary;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.PipelineDigest;
import dev.flowguard.models.SchedulerConfig;
import dev.flowguard.models.Sd3Transformer;
import dev.flowguard.models.Sd3TransformerConfig;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.proto.v1.AdapterSettings;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A diffusers pipeline of a few thousand random parameters for images of 8 x 8 pixels, and policies for it. */
final class TinyPipeline {

    private static final int TOKENS = 12;

    private TinyPipeline() {}

    /** Writes the pipeline and returns a run's settings that use it. */
    static RunSettings.Builder write(Path folder) {
        Device device = Device.cpu();
        ClipVocabulary vocabulary = ClipVocabulary.of("abcdefghijklmnopqrstuvwxyz\"", List.of("a", "sign", "saying"));
        int end = vocabulary.tokens().size() - 1;
        ClipTextConfig text = new ClipTextConfig(end + 1, 8, 16, 8, 2, 2, TOKENS, true, 1e-5, end - 1, end, end);
        try (StableDiffusion3Pipeline pipeline = new StableDiffusion3Pipeline(
                device,
                Sd3Transformer.initialize(
                        new Sd3TransformerConfig(8, 2, 3, 3, 2, 2, 8, 20, 16, 16, 8, true), device, 1),
                AutoencoderKl.initialize(
                        new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1.5, .1, false, false, false),
                        device,
                        1),
                ClipTextEncoder.initialize(text, device, 1),
                ClipTextEncoder.initialize(text, device, 2),
                ClipTokenizer.create(vocabulary, TOKENS, "<|endoftext|>"),
                ClipTokenizer.create(vocabulary, TOKENS, "a"),
                SchedulerConfig.ofShift(3),
                TOKENS)) {
            pipeline.save(folder);
        }
        return Groups.settings("in-process:nobody")
                .setPipelinePath(folder.toString())
                .setPipelineSha256(ByteString.copyFrom(PipelineDigest.ofTransformer(folder)))
                .setAdapter(AdapterSettings.newBuilder()
                        .setRank(2)
                        .setAlpha(4)
                        .addAllTargetModules(LoraConfig.SD3_ATTENTION));
    }

    /** A policy whose adapter tensors all have one value, as the learner would announce it. */
    static Announced policy(Path folder, long version, double value) {
        try (StableDiffusion3Pipeline pipeline = StableDiffusion3Pipeline.load(folder, Device.cpu());
                var adapter = pipeline.transformer().attachAdapter(new LoraConfig(2, 4, LoraConfig.SD3_ATTENTION), 0)) {
            return Compute.on(Device.cpu()).inference(() -> {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                adapter.parameters()
                        .forEach((name, tensor) ->
                                tensors.put(name, Tensor.full(Device.cpu(), value, tensor.dtype(), tensor.shape())));
                byte[] payload = Safetensors.encode(tensors, Map.of());
                return new Announced(
                        PolicyAnnouncement.newBuilder()
                                .setVersion(version)
                                .setSizeBytes(payload.length)
                                .setSha256(Sha256.of(payload))
                                .addAllTensors(AdapterWeights.digests(tensors))
                                .setModules(adapter.modules())
                                .build(),
                        ByteBuffer.wrap(payload));
            });
        }
    }

    /**
     * A policy on its way.
     *
     * @param announcement of the payload
     * @param payload a safetensors file
     */
    record Announced(PolicyAnnouncement announcement, ByteBuffer payload) {}
}
