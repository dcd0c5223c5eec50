package dev.flowguard.grpo;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The denoising loop: from noise to latents along a schedule, stochastic where the plan says so and an ODE step
 * elsewhere.
 *
 * <p>Immutable; a call must be made inside a scope of the calling thread, which then owns the result. Latents and means
 * are fp32 throughout.
 */
public final class TrajectorySampler {
    private final SigmaSchedule schedule;
    private final TransitionKernel stochastic;
    private final TransitionKernel deterministic = new OdeKernel();

    /**
     * Both sides of a run build the same sampler from the same schedule and kernel.
     *
     * @param schedule the noise levels to visit
     * @param kernel of the stochastic steps
     */
    public TrajectorySampler(SigmaSchedule schedule, TransitionKernel kernel) {
        this.schedule = schedule;
        this.stochastic = kernel;
    }

    /**
     * Walks the schedule from its first sigma to 0, every member by itself.
     *
     * @param policy the velocity field to follow
     * @param initialLatents pure noise, {@code [B, C, H, W]}, fp32
     * @param stochasticSteps of a {@link StochasticPlan}; empty for a deterministic trajectory
     * @param noiseSeeds one a member; step i of member b draws its noise from stream i of seed b
     * @throws InputException if a stochastic step lies outside the schedule or adds no noise
     */
    public Trajectory sample(
            VelocityField policy, Tensor initialLatents, List<Integer> stochasticSteps, List<Long> noiseSeeds) {
        GroupLayout chains = GroupLayout.ofChains(Math.toIntExact(initialLatents.size(0)), stochasticSteps);
        return sample((latents, sigma, origins) -> policy.velocity(latents, sigma), initialLatents, chains, noiseSeeds);
    }

    /**
     * Walks the schedule from its first sigma to 0. What members share, from their common origin to the first stochastic step
     * of either, is computed once. At each step the latents that somebody leaves by a stochastic step are one batch, which
     * training can repeat as it was, and all others another.
     *
     * @param policy the velocity field to follow
     * @param initialLatents pure noise, {@code [layout.origins(), C, H, W]}, fp32
     * @param layout the members' paths
     * @param noiseSeeds one a member; step i of a member draws its noise from stream i of its seed
     * @throws InputException if a stochastic step lies outside the schedule or adds no noise
     */
    public Trajectory sample(
            GroupVelocityField policy, Tensor initialLatents, GroupLayout layout, List<Long> noiseSeeds) {
        requireFits(initialLatents, layout, noiseSeeds);
        List<StochasticStep> kept = new ArrayList<>();
        Front front = Front.atOrigins(initialLatents, layout);
        for (int i = 0; i < schedule.steps(); i++) {
            try (Scope step = Scope.open()) {
                front = new Advance(policy, layout, noiseSeeds, i, kept).of(front);
            }
        }
        return new Trajectory(kept, front.ofEveryMember(layout.members()));
    }

    /**
     * The latents that a trajectory starts from: standard normal, a member's own whatever the batch.
     *
     * @param seeds one a member
     * @param latentShape {@code [C, H, W]}
     * @return {@code [B, C, H, W]}, fp32, in the current scope
     */
    public static Tensor initialLatents(Device device, List<Long> seeds, long... latentShape) {
        return MemberNoise.draw(device, seeds, 0, latentShape);
    }

    /** Where the members are before a step: each distinct latent once, with the members that pass through it. */
    private record Front(Tensor latents, List<List<Integer>> membersOfRow) {

        static Front atOrigins(Tensor initialLatents, GroupLayout layout) {
            List<List<Integer>> members = new ArrayList<>();
            for (int origin = 0; origin < layout.origins(); origin++) {
                members.add(new ArrayList<>());
            }
            for (int member = 0; member < layout.members(); member++) {
                members.get(layout.paths().get(member).origin()).add(member);
            }
            return new Front(initialLatents, members);
        }

        int rowOf(int member) {
            for (int row = 0; row < membersOfRow.size(); row++) {
                if (membersOfRow.get(row).contains(member)) {
                    return row;
                }
            }
            throw new IllegalStateException("member " + member + " was lost");
        }

        Tensor ofEveryMember(int members) {
            return new RowSelection(
                            IntStream.range(0, members).map(this::rowOf).boxed().toList())
                    .of(latents);
        }
    }

    /** One step of a whole front. */
    private final class Advance {
        private final GroupVelocityField policy;
        private final GroupLayout layout;
        private final List<Long> noiseSeeds;
        private final int step;
        private final List<StochasticStep> kept;
        private final List<Tensor> parts = new ArrayList<>();
        private final List<List<Integer>> membersOfRow = new ArrayList<>();

        Advance(
                GroupVelocityField policy,
                GroupLayout layout,
                List<Long> noiseSeeds,
                int step,
                List<StochasticStep> kept) {
            this.policy = policy;
            this.layout = layout;
            this.noiseSeeds = noiseSeeds;
            this.step = step;
            this.kept = kept;
        }

        /** The front after the step; its latents, and what was kept, belong to the enclosing scope. */
        Front of(Front before) {
            List<Integer> explorers = layout.stochasticAt(step);
            List<Integer> left =
                    explorers.stream().map(before::rowOf).distinct().sorted().toList();
            List<Integer> passed = IntStream.range(0, before.membersOfRow().size())
                    .filter(row -> !left.contains(row))
                    .boxed()
                    .toList();
            if (!left.isEmpty()) {
                explore(before, explorers, left);
            }
            if (!passed.isEmpty()) {
                Tensor latents = new RowSelection(passed).of(before.latents());
                follow(
                        latents,
                        velocity(latents, before, passed),
                        passed.stream().map(before.membersOfRow()::get).toList());
            }
            return new Front(joined(left.isEmpty()), membersOfRow);
        }

        private Tensor joined(boolean nobodyExplored) {
            if (parts.size() > 1) {
                return Ops.concat(parts, 0).keep();
            }
            return nobodyExplored ? parts.get(0).keep() : parts.get(0);
        }

        private void explore(Front before, List<Integer> explorers, List<Integer> left) {
            Transition transition = stochastic.at(schedule, step);
            Tensor latents = new RowSelection(left).of(before.latents());
            Tensor velocity = velocity(latents, before, left);
            Tensor mean = transition.mean(latents, velocity);
            RowSelection from = new RowSelection(explorers.stream()
                    .map(member -> left.indexOf(before.rowOf(member)))
                    .toList());
            Tensor noise = noise(explorers.stream().map(noiseSeeds::get).toList(), step, latents);
            Tensor next = from.of(mean).add(noise.mul(transition.s())).keep();
            parts.add(next);
            explorers.forEach(member -> membersOfRow.add(List.of(member)));
            keepTrained(new StochasticStep(transition, explorers, from, latents, next, mean), before.latents());
            // Members that leave the same latents at a later step go on with the velocity that is there already.
            List<Integer> deserted = new ArrayList<>();
            List<List<Integer>> staying = new ArrayList<>();
            for (int row = 0; row < left.size(); row++) {
                List<Integer> others = new ArrayList<>(before.membersOfRow().get(left.get(row)));
                others.removeAll(explorers);
                if (!others.isEmpty()) {
                    deserted.add(row);
                    staying.add(others);
                }
            }
            if (!deserted.isEmpty()) {
                RowSelection rows = new RowSelection(deserted);
                follow(rows.of(latents), rows.of(velocity), staying);
            }
        }

        private void follow(Tensor latents, Tensor velocity, List<List<Integer>> members) {
            parts.add(deterministic.at(schedule, step).mean(latents, velocity));
            membersOfRow.addAll(members);
        }

        private Tensor velocity(Tensor latents, Front before, List<Integer> rows) {
            List<Integer> origins = rows.stream()
                    .map(row -> layout.paths()
                            .get(before.membersOfRow().get(row).get(0))
                            .origin())
                    .toList();
            return policy.velocity(latents, schedule.sigma(step), origins);
        }

        private void keepTrained(StochasticStep sampled, Tensor before) {
            List<Integer> trained = layout.trainedAt(step);
            if (trained.isEmpty()) {
                return;
            }
            List<Integer> places =
                    trained.stream().map(sampled.members()::indexOf).toList();
            List<Integer> rows = places.stream().map(sampled.from().rows()::get).toList();
            Tensor next = new RowSelection(places).of(sampled.next());
            kept.add(new StochasticStep(
                    sampled.transition(),
                    trained,
                    new RowSelection(rows),
                    sampled.latents() == before ? before : sampled.latents().keep(),
                    next == sampled.next() ? next : next.keep(),
                    sampled.mean().keep()));
        }
    }

    private static Tensor noise(List<Long> seeds, int step, Tensor latents) {
        long[] shape = latents.shape();
        return MemberNoise.draw(latents.device(), seeds, step, Arrays.copyOfRange(shape, 1, shape.length));
    }

    private void requireFits(Tensor initialLatents, GroupLayout layout, List<Long> noiseSeeds) {
        if (initialLatents.dtype() != DType.FLOAT32) {
            throw new IllegalArgumentException("latents are " + initialLatents.dtype() + ", not FLOAT32");
        }
        if (initialLatents.size(0) != layout.origins()) {
            throw new IllegalArgumentException(
                    initialLatents.size(0) + " initial latents for " + layout.origins() + " origins");
        }
        List<Integer> steps = layout.paths().stream()
                .map(MemberPath::stochasticSteps)
                .flatMap(List::stream)
                .distinct()
                .sorted()
                .toList();
        if (!steps.isEmpty() && noiseSeeds.size() != layout.members()) {
            throw new IllegalArgumentException(noiseSeeds.size() + " noise seeds for " + layout.members() + " members");
        }
        for (int step : steps) {
            if (step < 0 || step >= schedule.steps()) {
                throw new InputException(
                        "stochastic step " + step + " lies outside the schedule of " + schedule.steps() + " steps");
            }
            if (!stochastic.at(schedule, step).stochastic()) {
                throw new InputException("step " + step + " is to be stochastic, but the kernel '" + stochastic.name()
                        + "' at noise level " + stochastic.noiseLevel()
                        + " adds no noise there; raise the noise level or leave the step out");
            }
        }
    }
}
