package dev.flowguard.models;

import dev.flowguard.tensor.Autograd;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One MMDiT block: joint attention of both streams, in some models a second attention of the image alone (dual attention),
 * then a feed-forward part for each.
 */
final class JointBlock {

    /**
     * The two streams between blocks.
     *
     * @param image [B, N, width]
     * @param context [B, L, width]; after the last block, which does not compute it, the one from before
     */
    record Streams(Tensor image, Tensor context) {

        Streams keep() {
            image.keep();
            context.keep();
            return this;
        }
    }

    private final AdaptiveNorm imageNorm;
    private final AdaptiveNorm contextNorm;
    private final JointAttention attention;
    private final @Nullable SelfAttention secondAttention;
    private final FeedForward imageFeedForward;
    private final @Nullable FeedForward contextFeedForward;

    /**
     * @param last whether the context stream ends here, so that only its keys, values and queries are needed
     * @param dual whether the image has a second attention
     */
    JointBlock(NetworkBuilder builder, AttentionProjections.Shape shape, boolean last, boolean dual) {
        int width = shape.width();
        NetworkBuilder imageBuilder = builder.at("norm1");
        imageNorm = dual ? AdaptiveNorm.zeroDual(imageBuilder, width) : AdaptiveNorm.zero(imageBuilder, width);
        NetworkBuilder contextBuilder = builder.at("norm1_context");
        contextNorm =
                last ? AdaptiveNorm.scaleThenShift(contextBuilder, width) : AdaptiveNorm.zero(contextBuilder, width);
        attention = new JointAttention(builder.at("attn"), shape, last);
        secondAttention = dual ? new SelfAttention(builder.at("attn2"), shape) : null;
        imageFeedForward = new FeedForward(builder.at("ff"), width);
        contextFeedForward = last ? null : new FeedForward(builder.at("ff_context"), width);
    }

    /**
     * @param modulation [B, width], SiLU already applied
     * @param bias added to the logits of the attention, [1, 1, 1, N + L], or null
     * @param positions of image and then context tokens, or null if they carry none here
     */
    Streams forward(Streams in, Tensor modulation, @Nullable Tensor bias, @Nullable RotaryPositions positions) {
        try (Scope scope = Scope.open()) {
            AdaptiveNorm.Modulated image = imageNorm.forward(in.image(), modulation);
            AdaptiveNorm.Modulated context = contextNorm.forward(in.context(), modulation);
            Streams attended = attend(in, image, context, bias, positions);
            Tensor newImage = fed(attended.image(), image.rest(), imageFeedForward);
            if (contextFeedForward == null) {
                return new Streams(newImage.keep(), in.context());
            }
            Tensor newContext = fed(attended.context(), context.rest(), contextFeedForward);
            return new Streams(newImage, newContext).keep();
        }
    }

    /**
     * Both streams with what attention adds to them; the context only if it goes on.
     *
     * <p>In a scope of its own, as the feed-forward part is where a block's memory peaks.
     */
    private Streams attend(
            Streams in,
            AdaptiveNorm.Modulated image,
            AdaptiveNorm.Modulated context,
            @Nullable Tensor bias,
            @Nullable RotaryPositions positions) {
        try (Scope scope = Scope.open()) {
            Streams added = attention.forward(new Streams(image.normed(), context.normed()), bias, positions);
            Tensor newImage = in.image().add(added.image().mul(image.rest().get(0)));
            if (secondAttention != null) {
                newImage = newImage.add(secondAttention(secondAttention, image));
            }
            newImage.keep();
            if (contextFeedForward == null) {
                return new Streams(newImage, in.context());
            }
            Tensor gate = context.rest().get(0);
            return new Streams(
                    newImage, in.context().add(added.context().mul(gate)).keep());
        }
    }

    /** {@link #forward}, computed again in backward instead of kept. */
    Streams checkpointed(Streams in, Tensor modulation, @Nullable Tensor bias, @Nullable RotaryPositions positions) {
        List<Tensor> inputs = new ArrayList<>(List.of(in.image(), in.context(), modulation));
        if (bias != null) {
            inputs.add(bias);
        }
        if (positions != null) {
            inputs.addAll(positions.tensors());
        }
        List<Tensor> outputs = Autograd.checkpoint(inputs, given -> {
            Iterator<Tensor> next = given.iterator();
            Streams out = forward(
                    new Streams(next.next(), next.next()),
                    next.next(),
                    bias == null ? null : next.next(),
                    positions == null ? null : RotaryPositions.ofTables(next.next(), next.next()));
            return List.of(out.image(), out.context());
        });
        return new Streams(outputs.get(0), outputs.get(1));
    }

    /** What a second attention adds: it sees the same norm with a shift and scale of its own, and has a gate of its own. */
    private static Tensor secondAttention(SelfAttention attention, AdaptiveNorm.Modulated image) {
        List<Tensor> own = image.rest().subList(4, 7);
        return attention
                .forward(AdaptiveNorm.modulate(image.plain(), own.get(1), own.get(0)))
                .mul(own.get(2));
    }

    /** @param rest gate of the attention; shift, scale and gate of the feed-forward part */
    private static Tensor fed(Tensor x, List<Tensor> rest, FeedForward feedForward) {
        try (Scope scope = Scope.open()) {
            Tensor normed = AdaptiveNorm.modulate(AdaptiveNorm.norm(x), rest.get(2), rest.get(1));
            return x.add(feedForward.forward(normed).mul(rest.get(3))).keep();
        }
    }
}
