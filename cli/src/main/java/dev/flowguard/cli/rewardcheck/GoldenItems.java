package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.proto.v1.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Makes the golden items of a scorer: the same bytes on every machine. */
final class GoldenItems {

    private static final int LATENT_CHANNELS = 16;
    private static final int PIXELS_PER_LATENT = 8;
    private static final int TRAJECTORY_LATENTS = 3;

    private final List<PromptCase> prompts;
    private final int width;
    private final int height;

    /**
     * @param prompts dealt out to the images in turn
     * @param width of the images, in pixels
     */
    GoldenItems(List<PromptCase> prompts, int width, int height) {
        this.prompts = List.copyOf(prompts);
        this.width = width;
        this.height = height;
    }

    /** Exactly what the scorer wants to be sent. */
    List<GoldenItem> of(ScorerDescription scorer) {
        List<GoldenItem> items = new ArrayList<>();
        for (GoldenImage image : GoldenImage.values()) {
            PromptCase prompt = prompts.get(items.size() % prompts.size());
            ScoreRequest.Builder request = ScoreRequest.newBuilder().setScorerId(scorer.getScorerId());
            for (ScorerInput input : scorer.getInputsList()) {
                fill(request, input, image, prompt, items.size());
            }
            items.add(new GoldenItem(image, prompt.prompt(), request.build()));
        }
        return List.copyOf(items);
    }

    private void fill(
            ScoreRequest.Builder request, ScorerInput input, GoldenImage image, PromptCase prompt, int place) {
        switch (input) {
            case SCORER_INPUT_IMAGE -> request.setImage(encoded(image));
            case SCORER_INPUT_PROMPT -> request.setPrompt(prompt.prompt());
            case SCORER_INPUT_METADATA -> {
                if (prompt.metadata() != null) {
                    request.setMetadata(prompt.metadata());
                }
            }
            case SCORER_INPUT_LATENTS -> request.setLatents(latents(place, List.of()));
            case SCORER_INPUT_TRAJECTORY -> request.setTrajectory(latents(place, List.of((long) TRAJECTORY_LATENTS)));
            case SCORER_INPUT_UNSPECIFIED, UNRECOGNIZED -> {
                // DescribeCheck refuses them.
            }
        }
    }

    private EncodedImage encoded(GoldenImage image) {
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_PNG)
                .setWidth(width)
                .setHeight(height)
                .setData(image.draw(width, height).bytes())
                .build();
    }

    /** Smooth, of unit size, and different in each place. */
    private Tensor latents(int place, List<Long> leading) {
        List<Long> shape = new ArrayList<>(leading);
        shape.addAll(List.of((long) LATENT_CHANNELS, (long) Math.max(1, height / PIXELS_PER_LATENT), (long)
                Math.max(1, width / PIXELS_PER_LATENT)));
        int elements = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
        ByteBuffer data = ByteBuffer.allocate(elements * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < elements; i++) {
            data.putFloat((float) StrictMath.sin((place + 1) * .1 * i));
        }
        return Tensor.newBuilder()
                .setDtype(DType.DTYPE_FLOAT32)
                .addAllShape(shape)
                .setData(ByteString.copyFrom(data.flip()))
                .build();
    }
}
