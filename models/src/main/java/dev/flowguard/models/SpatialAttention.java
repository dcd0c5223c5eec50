package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** Self-attention of one head over all positions of a feature map, added to its input. */
final class SpatialAttention {

    private final GroupNorm norm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;

    SpatialAttention(NetworkBuilder builder, int width, int groups) {
        norm = builder.groupNorm("group_norm", groups, width, ResnetBlock.EPSILON);
        query = builder.linear("to_q", width, width);
        key = builder.linear("to_k", width, width);
        value = builder.linear("to_v", width, width);
        out = builder.linear("to_out.0", width, width);
    }

    /** [B, C, h, w] -> [B, C, h, w] */
    Tensor forward(Tensor x) {
        try (Scope scope = Scope.open()) {
            long positions = x.size(2) * x.size(3);
            Tensor flat =
                    norm.forward(x).reshape(x.size(0), x.size(1), positions).transpose(1, 2);
            Tensor attended = Ops.attention(
                    query.forward(flat).unsqueeze(1),
                    key.forward(flat).unsqueeze(1),
                    value.forward(flat).unsqueeze(1),
                    null,
                    false);
            Tensor result = out.forward(attended.squeeze(1));
            return result.transpose(1, 2).reshape(x.shape()).add(x).keep();
        }
    }
}
