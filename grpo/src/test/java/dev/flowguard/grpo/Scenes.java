package dev.flowguard.grpo;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Steps that were never sampled, for tests of what is learned from them. */
final class Scenes {
    static final SigmaSchedule SD3 = SigmaSchedule.sd3(10, 3);

    private Scenes() {}

    /** A step of some members with these advantages, {@code [B, 2, 3, 4]}, that followed its kernel. */
    static StepBatch batch(Transition step, double weight, long seed, double... advantages) {
        Tensor mean = Noise.standardNormal(Device.cpu(), seed, 1, advantages.length, 2, 3, 4);
        Tensor noise = Noise.standardNormal(Device.cpu(), seed, 2, advantages.length, 2, 3, 4);
        return new StepBatch(step, weight, members(advantages), mean.add(noise.mul(step.s())), mean);
    }

    static List<TrainedMember> members(double... advantages) {
        return IntStream.range(0, advantages.length)
                .mapToObj(member -> new TrainedMember(7, member, advantages[member]))
                .toList();
    }

    /** The batch's means after a random change of this size. */
    static Tensor moved(StepBatch batch, long seed, double size) {
        return batch.oldMean()
                .add(Noise.standardNormal(Device.cpu(), seed, 3, batch.oldMean().shape())
                        .mul(size));
    }

    static RewardedGroup group(long id, double... rewards) {
        return new RewardedGroup(
                id, Map.of("ocr", Arrays.stream(rewards).boxed().toList()));
    }

    static void training(Runnable work) {
        Compute.on(Device.cpu()).training(() -> {
            work.run();
            return true;
        });
    }
}
