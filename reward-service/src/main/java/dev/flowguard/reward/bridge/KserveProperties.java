package dev.flowguard.reward.bridge;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of a model that is served by the Open Inference Protocol over gRPC, below {@code flowguard.reward.kserve}, or below
 * {@code flowguard.reward.kserve-endpoints.ID} for further ones.
 *
 * @param target the server, as gRPC names it: {@code host:port}, {@code dns:///host:port}; needed by the scorer
 * @param tls whether the connection is encrypted; it is if {@code call.ssl-bundle} is set
 * @param model the model's name; needed by the scorer
 * @param modelVersion the model's version. Empty: the only one that the server has
 * @param image the input that takes the images
 * @param prompt the input that takes the prompts
 * @param output the output that holds the scores
 * @param auth the header that proves who asks
 * @param call how the endpoint is asked
 * @param score what is known of its scores
 */
public record KserveProperties(
        @Nullable String target,
        @DefaultValue("false") boolean tls,
        @Nullable String model,
        @DefaultValue("") String modelVersion,
        @DefaultValue Image image,
        @DefaultValue Prompt prompt,
        @DefaultValue Output output,
        @DefaultValue AuthSettings auth,
        @DefaultValue CallSettings call,
        @DefaultValue ScoreSettings score) {

    /**
     * The input that takes the images, one tensor a batch.
     *
     * @param name the input's name
     * @param datatype what an element is
     * @param layout the order of the dimensions; means nothing for {@code BYTES}
     * @param width the width that images are resized to, as Pillow does it (bicubic). Absent: they are sent as they are
     * @param height the height that they are resized to
     * @param mean of red, green and blue, subtracted from the sample / 255; {@code FP32} only
     * @param std of red, green and blue, by which it is divided then; {@code FP32} only
     */
    public record Image(
            @DefaultValue("image") String name,
            @DefaultValue("UINT8") ImageType datatype,
            @DefaultValue("NHWC") ImageLayout layout,
            @Nullable Integer width,
            @Nullable Integer height,
            @DefaultValue({"0", "0", "0"}) List<Float> mean,
            @DefaultValue({"1", "1", "1"}) List<Float> std) {

        public Image {
            mean = List.copyOf(mean);
            std = List.copyOf(std);
        }
    }

    /**
     * The input that takes the prompts: BYTES of UTF-8, [N] or [N, 1] as the model's metadata say.
     *
     * @param name the input's name; empty if the model takes no prompts
     */
    public record Prompt(@DefaultValue("") String name) {}

    /**
     * The output that holds the scores: [N] or [N, ...].
     *
     * @param name the output's name
     * @param index which of an item's elements is its score
     */
    public record Output(
            @DefaultValue("score") String name,
            @DefaultValue("0") int index) {}
}
