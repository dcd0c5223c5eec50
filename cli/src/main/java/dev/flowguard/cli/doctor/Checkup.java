package dev.flowguard.cli.doctor;

import dev.flowguard.cli.Finding;
import dev.flowguard.learner.prompts.PromptSets;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.NetworkOutline;
import dev.flowguard.models.PipelineOutline;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Looks at everything that a run needs, and starts nothing. */
final class Checkup {
    private static final long REWARD_DEADLINE_SECONDS = 3;

    /** A checkpoint holds the adapter, its average and AdamW's two moments; three are kept, and one is being written. */
    private static final int CHECKPOINT_COPIES = 4 * 4;

    private final Recipe recipe;
    private final Machine machine;
    private final List<Finding> findings = new ArrayList<>();

    Checkup(Recipe recipe, Machine machine) {
        this.recipe = recipe;
        this.machine = machine;
    }

    /**
     * What was found, in the order in which it should be mended.
     *
     * @throws InputException if the model's configuration cannot be read
     */
    List<Finding> look() {
        findings.add(Finding.ok("recipe", recipe.name() + ", preset " + recipe.preset()));
        prompts();
        PipelineOutline model = PipelineOutline.read(
                Path.of(recipe.model().pipeline()), recipe.model().loadOptions());
        weights(model);
        imageSize(model);
        adapter(model);
        device();
        disk(model);
        recipe.rewards().forEach(this::reward);
        MemoryForecast forecast = MemoryForecast.of(recipe, model);
        heap(forecast);
        memory(forecast);
        return List.copyOf(findings);
    }

    private void prompts() {
        try {
            PromptSets prompts = PromptSets.open(
                    Path.of(recipe.prompts().train()), Path.of(recipe.prompts().heldOut()));
            findings.add(Finding.ok(
                    "prompts",
                    prompts.train().size() + " to train on, "
                            + prompts.heldOut().size() + " held out, no overlap"));
        } catch (InputException e) {
            findings.add(Finding.failed("prompts", String.valueOf(e.getMessage()), "mend the file"));
        }
    }

    private void weights(PipelineOutline model) {
        for (NetworkOutline network : model.networks()) {
            String what = network.className() + ", " + count(network.parameters()) + " parameters";
            String problem = network.weightsProblem();
            if (problem == null) {
                findings.add(Finding.ok(network.component(), what));
            } else if (network.weightsThere()) {
                findings.add(Finding.failed(network.component(), problem, "download the folder again"));
            } else {
                findings.add(Finding.warning(
                        network.component(),
                        what + ", but its weights are not there",
                        "hf download the model into " + recipe.model().pipeline()));
            }
        }
    }

    private void imageSize(PipelineOutline model) {
        int step = model.pixelsPerToken();
        String size = recipe.model().height() + " x " + recipe.model().width();
        if (recipe.model().height() % step == 0 && recipe.model().width() % step == 0) {
            findings.add(Finding.ok("images", size));
        } else {
            findings.add(
                    Finding.failed("images", size + " is not possible with this model", "choose multiples of " + step));
        }
    }

    private void adapter(PipelineOutline model) {
        LoraConfig adapter = recipe.adapter().toLoraConfig();
        findings.add(Finding.ok(
                "adapter",
                model.transformer().adapted(adapter).size() + " modules, "
                        + count(model.transformer().adapterParameters(adapter)) + " parameters to train"));
    }

    private void device() {
        String name = recipe.model().device();
        try {
            Device device = Device.parse(name);
            Compute.on(device)
                    .inference(() -> Tensor.ones(device, DType.FLOAT32, 1).item());
            findings.add(Finding.ok("device", name + " computes"));
        } catch (RuntimeException e) {
            findings.add(Finding.failed(
                    "device",
                    name + " does not compute: " + firstLine(e),
                    "write model.device: cpu, or install the libtorch of this device"));
        }
    }

    private void disk(PipelineOutline model) {
        long needed = CHECKPOINT_COPIES
                * 4L
                * model.transformer().adapterParameters(recipe.adapter().toLoraConfig());
        Path folder = existing(recipe.outputPath());
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            String text = new ByteSize(free) + " free for " + new ByteSize(needed) + " of checkpoints";
            findings.add(
                    free > needed
                            ? Finding.ok("disk", text)
                            : Finding.failed("disk", text, "free some space or choose another output_dir"));
        } catch (IOException e) {
            findings.add(Finding.failed("disk", folder + ": " + e.getMessage(), "choose another output_dir"));
        }
    }

    private static Path existing(Path path) {
        Path at = path.toAbsolutePath();
        for (Path parent = at.getParent(); !Files.exists(at) && parent != null; parent = at.getParent()) {
            at = parent;
        }
        return at;
    }

    private void reward(Recipe.Reward reward) {
        String subject = "reward " + reward.name();
        String target = reward.target();
        if (target == null) {
            findings.add(Finding.ok(subject, reward.scorer() + ", scored in the process of flowguard train"));
            return;
        }
        ManagedChannel channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
                .build();
        try {
            DescribeResponse described = ScorerGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(REWARD_DEADLINE_SECONDS, TimeUnit.SECONDS)
                    .describe(DescribeRequest.getDefaultInstance());
            boolean knows = described.getScorersList().stream()
                    .anyMatch(scorer -> scorer.getScorerId().equals(reward.scorer()));
            findings.add(
                    knows
                            ? Finding.ok(subject, reward.scorer() + " at " + target)
                            : Finding.failed(
                                    subject,
                                    target + " answers but has no scorer '" + reward.scorer() + "'",
                                    "start it with --scorers " + reward.scorer()));
        } catch (StatusRuntimeException e) {
            findings.add(Finding.warning(
                    subject,
                    target + " does not answer within " + REWARD_DEADLINE_SECONDS + " s",
                    "start it before the run"));
        } finally {
            channel.shutdownNow();
        }
    }

    private void heap(MemoryForecast forecast) {
        long heap = Runtime.getRuntime().maxMemory();
        // Rows arrive as messages and are stored as arrays: for one group at a time there are both.
        long needed = forecast.experience() + forecast.experience() / 4 + Machine.HEAP_BESIDE_EXPERIENCE;
        String text = new ByteSize(heap) + " for " + new ByteSize(forecast.experience()) + " of trajectories";
        findings.add(
                needed <= heap
                        ? Finding.ok("java heap", text)
                        : Finding.warning(
                                "java heap",
                                text + ", which is not enough",
                                "export FLOWGUARD_OPTS=-Xmx" + gigabytes(needed) + "g"));
    }

    private void memory(MemoryForecast forecast) {
        long peak = forecast.needed();
        String text = new ByteSize(peak) + " at the peak of flowguard train, of " + machine.describe();
        if (peak <= machine.bytes() * Machine.COMFORT) {
            findings.add(Finding.ok("memory", text));
        } else if (peak <= machine.bytes()) {
            findings.add(Finding.warning("memory", text, advice(forecast)));
        } else {
            findings.add(Finding.failed("memory", text, advice(forecast)));
        }
    }

    private String advice(MemoryForecast forecast) {
        List<String> advice = new ArrayList<>();
        if (!recipe.model().gradientCheckpointing()) {
            advice.add("model.gradient_checkpointing: true");
        }
        if (forecast.together() > 1) {
            advice.add("groups.micro_batch_size: " + forecast.together() / 2);
        }
        if (forecast.learner().needed() <= machine.bytes()) {
            advice.add("learner and rollout on two machines (flowguard serve)");
        }
        advice.add("a larger machine");
        return "try " + String.join(", or ", advice);
    }

    private static long gigabytes(long bytes) {
        return (bytes >> 30) + 1;
    }

    private static String count(long parameters) {
        if (parameters < 1_000_000) {
            return String.format(Locale.ROOT, "%,d", parameters);
        }
        return parameters < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f million", parameters / 1e6)
                : String.format(Locale.ROOT, "%.2f billion", parameters / 1e9);
    }

    private static String firstLine(RuntimeException e) {
        @Nullable String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
