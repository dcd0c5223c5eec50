package dev.flowguard.reward.bridge;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.Scorer;
import dev.flowguard.reward.ScorerWorker;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * The scorer {@code kserve}: a reward model served by KServe, Triton, MLServer or whatever else speaks the Open Inference Protocol (version 2) over
 * gRPC. The server is asked for the model's metadata when the scorer starts, and what does not fit the settings is refused then.
 *
 * <p>Owns its channel; Spring closes it.
 */
public final class KserveScorer implements Scorer, AutoCloseable {

    /** The id of the endpoint whose settings lie directly below {@code flowguard.reward.kserve}. */
    public static final String ID = "kserve";

    private final ScorerDescription description;
    private final KserveEndpoint endpoint;
    private final int maxBatchSize;
    private final ScoreRange range;
    private final ManagedChannel channel;

    private KserveScorer(
            ScorerDescription description,
            KserveEndpoint endpoint,
            int maxBatchSize,
            ScoreRange range,
            ManagedChannel channel) {
        this.description = description;
        this.endpoint = endpoint;
        this.maxBatchSize = maxBatchSize;
        this.range = range;
        this.channel = channel;
    }

    /**
     * Connects and asks for the model's metadata, within {@code call.timeout}.
     *
     * @param id the scorer's id
     * @param prefix of its settings, for messages
     * @throws RewardConfigurationException if a setting is missing or wrong, or the model is not there
     */
    public static KserveScorer open(String id, String prefix, KserveProperties properties, SslBundles bundles) {
        BridgeSettings settings = new BridgeSettings(prefix, bundles);
        String target = properties.target();
        if (target == null) {
            throw settings.wrong("target", "is not set: say which server has the model, as in dns:///host:8001");
        }
        // The channel is built of some of them.
        settings.checked(properties.call(), properties.score());
        Optional<SslBundle> bundle = settings.sslBundle(properties.call());
        return open(
                id,
                settings,
                properties,
                Grpc.newChannelBuilder(target, credentials(bundle, properties.tls()))
                        .maxInboundMessageSize(
                                (int) properties.call().maxResponse().toBytes())
                        .build());
    }

    /** The same over a given channel, which the scorer owns from here on, whatever comes of it. */
    static KserveScorer open(String id, BridgeSettings settings, KserveProperties properties, ManagedChannel channel) {
        try {
            return connected(id, settings, properties, channel);
        } catch (RuntimeException e) {
            channel.shutdownNow();
            throw e;
        }
    }

    private static KserveScorer connected(
            String id, BridgeSettings settings, KserveProperties properties, ManagedChannel channel) {
        String modelName = properties.model();
        if (modelName == null) {
            throw settings.wrong("model", "is not set: name the model that scores");
        }
        ScoreRange range = settings.checked(properties.call(), properties.score());
        checkImage(properties.image(), settings);
        settings.require(properties.output().index() >= 0, "output.index", "must not be negative");
        KserveServer server = new KserveServer(
                channel,
                settings.credential(properties.auth()),
                properties.call().timeout());
        KserveModel model;
        try {
            model = KserveModel.inspect(server, modelName, properties, settings);
        } catch (StatusRuntimeException | EndpointException e) {
            throw settings.wrong(
                    "target",
                    "%s does not tell of model %s: %s"
                            .formatted(properties.target(), modelName, HttpAnswer.oneLine(e.getMessage())));
        }
        return new KserveScorer(
                describe(id, properties, model, range),
                new KserveEndpoint(server, modelName, model, properties),
                properties.call().maxBatchSize(),
                range,
                channel);
    }

    private static void checkImage(KserveProperties.Image image, BridgeSettings settings) {
        settings.require(
                positive(image.width()) && positive(image.height()), "image.width and height", "must be at least 1");
        settings.require(
                (image.width() == null) == (image.height() == null), "image", "needs a width and a height, or neither");
        settings.require(
                image.mean().size() == 3 && image.std().size() == 3, "image.mean and std", "are three numbers each");
        settings.require(
                image.std().stream().allMatch(std -> std > 0)
                        && image.mean().stream().allMatch(Float::isFinite),
                "image.mean and std",
                "must be finite, std positive");
        boolean asIs = image.mean().stream().allMatch(mean -> mean == 0)
                && image.std().stream().allMatch(std -> std == 1);
        settings.require(asIs || image.datatype() == ImageType.FP32, "image.mean and std", "need image.datatype=FP32");
    }

    private static boolean positive(@Nullable Integer side) {
        return side == null || side > 0;
    }

    private static ScorerDescription describe(
            String id, KserveProperties properties, KserveModel model, ScoreRange range) {
        String version = properties.score().version();
        if (version == null) {
            version = model.version().isEmpty() ? ScoreSettings.UNVERSIONED : model.version();
        }
        ScorerDescription.Builder description = ScorerDescription.newBuilder()
                .setScorerId(id)
                // What is done to the image, and which output counts, change scores as the model does.
                .setVersion("%s+%s.%s%d"
                        .formatted(
                                version,
                                new ImageTensor(properties.image()).describe(),
                                properties.output().name(),
                                properties.output().index()))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setDeterministic(properties.score().deterministic());
        if (!properties.prompt().name().isEmpty()) {
            description.addInputs(ScorerInput.SCORER_INPUT_PROMPT);
        }
        range.describe(description);
        return description.build();
    }

    private static ChannelCredentials credentials(Optional<SslBundle> bundle, boolean tls) {
        if (bundle.isPresent()) {
            return TlsChannelCredentials.newBuilder()
                    .keyManager(bundle.get().getManagers().getKeyManagers())
                    .trustManager(bundle.get().getManagers().getTrustManagers())
                    .build();
        }
        return tls ? TlsChannelCredentials.create() : InsecureChannelCredentials.create();
    }

    @Override
    public ScorerDescription description() {
        return description;
    }

    @Override
    public ScorerWorker newWorker() {
        return new BridgeWorker(endpoint, maxBatchSize, range);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
