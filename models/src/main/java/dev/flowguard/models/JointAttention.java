package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Attention over image and context tokens together, with projections of its own for each stream. */
final class JointAttention {

    private final AttentionProjections image;
    private final AttentionProjections context;
    private final Linear imageOut;
    private final @Nullable Linear contextOut;

    JointAttention(NetworkBuilder builder, AttentionProjections.Shape shape, boolean contextEndsHere) {
        int width = shape.width();
        image = new AttentionProjections(builder, shape, AttentionProjections.Names.OWN);
        context = new AttentionProjections(builder, shape, AttentionProjections.Names.ADDED);
        imageOut = builder.linear("to_out.0", width, width);
        contextOut = contextEndsHere ? null : builder.linear("to_add_out", width, width);
    }

    /**
     * @param bias added to the logits, [1, 1, 1, N + L], or null
     * @param positions of image and then context tokens, or null if they carry none here
     */
    JointBlock.Streams forward(JointBlock.Streams in, @Nullable Tensor bias, @Nullable RotaryPositions positions) {
        try (Scope scope = Scope.open()) {
            Tensor joined = project(in, positions).attend(bias);
            long imageTokens = in.image().size(1);
            Tensor imageResult =
                    imageOut.forward(joined.slice(1, 0, imageTokens)).keep();
            if (contextOut == null) {
                return new JointBlock.Streams(imageResult, in.context());
            }
            Tensor contextResult = contextOut
                    .forward(joined.slice(1, imageTokens, joined.size(1)))
                    .keep();
            return new JointBlock.Streams(imageResult, contextResult);
        }
    }

    /** In a scope of its own: once joined, the parts would only take memory beside what attention keeps. */
    private AttentionProjections.Projected project(JointBlock.Streams in, @Nullable RotaryPositions positions) {
        try (Scope scope = Scope.open()) {
            AttentionProjections.Projected both = image.project(in.image()).followedBy(context.project(in.context()));
            return (positions == null ? both : both.turned(positions)).keep();
        }
    }
}
