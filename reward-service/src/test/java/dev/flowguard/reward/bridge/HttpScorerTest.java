package dev.flowguard.reward.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScoreOutcome.Failed;
import dev.flowguard.reward.ScoreOutcome.Invalid;
import dev.flowguard.reward.ScoreOutcome.Scored;
import dev.flowguard.reward.ScorerWorker;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.jks.JksSslStoreBundle;
import org.springframework.boot.ssl.jks.JksSslStoreDetails;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class HttpScorerTest {

    private static final String PREFIX = "flowguard.reward.http";

    /** Scores an item by the length of its prompt, and refuses whole batches in which a prompt says "bad". */
    private static final FakeHttpEndpoint.Behaviour PROMPT_LENGTH = (endpoint, exchange, request) -> {
        List<String> results = new ArrayList<>();
        for (JsonNode item : request.get("items")) {
            String prompt = item.get("prompt").stringValue();
            if (prompt.contains("bad")) {
                FakeHttpEndpoint.respond(exchange, 422, "one of them is bad");
                return;
            }
            results.add(
                    0, "{\"id\": %d, \"score\": %d}".formatted(item.get("id").intValue(), prompt.length()));
        }
        FakeHttpEndpoint.respond(exchange, 200, "{\"results\": [%s]}".formatted(String.join(", ", results)));
    };

    private final Path folder;

    HttpScorerTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void sendsWhatIsAskedForAndReadsTheScores() throws Exception {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(1, 1, 0xff102030);
        Struct metadata = Struct.newBuilder()
                .putFields("tag", Value.newBuilder().setStringValue("counting").build())
                .build();
        Files.writeString(folder.resolve("token"), "Bearer secret\n");
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(200, "{\"results\": [{\"id\": 0, \"score\": 0.5}]}")) {
            HttpScorer scorer = scorer(
                    fake,
                    Map.of(
                            "metadata",
                            "true",
                            "auth.file",
                            folder.resolve("token").toString()));
            assertThat(score(scorer, List.of(new ScoreItem(image, "a sign", Optional.of(metadata)))))
                    .containsExactly(new Scored(0.5, Map.of()));
            JsonNode item = fake.requests().get(0).get("items").get(0);
            assertThat(item.propertyNames()).containsExactly("id", "image", "prompt", "metadata");
            assertThat(item.get("prompt").stringValue()).isEqualTo("a sign");
            assertThat(item.get("metadata").toString()).isEqualTo("{\"tag\":\"counting\"}");
            BufferedImage sent =
                    ImageIO.read(new ByteArrayInputStream(item.get("image").binaryValue()));
            assertThat(sent.getRGB(0, 0, 3, 2, null, 0, 3)).isEqualTo(image.getRGB(0, 0, 3, 2, null, 0, 3));
            // A rotated token is taken without a restart.
            Files.writeString(folder.resolve("token"), "Bearer newer\n");
            score(scorer, items("x"));
            assertThat(fake.authorizations()).containsExactly("Bearer secret", "Bearer newer");
        }
    }

    @Test
    void sendsNoMoreThanIsWanted() {
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(200, "{\"results\": [{\"id\": 0, \"score\": 0.5}]}")) {
            HttpScorer scorer = scorer(fake, Map.of("prompt", "false"));
            score(scorer, items("secret prompt"));
            assertThat(fake.requests().get(0).get("items").get(0).propertyNames())
                    .containsExactly("id", "image");
            assertThat(scorer.description().getInputsList()).containsExactly(ScorerInput.SCORER_INPUT_IMAGE);
        }
    }

    @Test
    void describesWhatTheUserKnows() {
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(500, "")) {
            ScorerDescription description = scorer(
                            fake,
                            Map.of(
                                    "metadata", "true",
                                    "score.version", "3",
                                    "score.deterministic", "true",
                                    "score.range-min", "0",
                                    "score.range-max", "10"))
                    .description();
            assertThat(description.getVersion()).isEqualTo("3");
            assertThat(description.getDeterministic()).isTrue();
            assertThat(description.getRangeMin()).isZero();
            assertThat(description.getRangeMax()).isEqualTo(10);
            assertThat(description.getInputsList()).hasSize(3);
            assertThat(fake.requests()).isEmpty();
        }
    }

    @Test
    void onlyTheItemAtFaultIsInvalidAndOrderIsKept() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint(PROMPT_LENGTH)) {
            assertThat(score(scorer(fake, Map.of()), items("a", "bad", "abc")))
                    .containsExactly(
                            new Scored(1, Map.of()),
                            new Invalid("http://127.0.0.1:%d/score answered 422".formatted(fake.port())),
                            new Scored(3, Map.of()));
            assertThat(fake.requests()).hasSize(4);
        }
    }

    @Test
    void splitsWhatIsTooMuchForOneRequest() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint(PROMPT_LENGTH)) {
            assertThat(score(
                            scorer(fake, Map.of("call.max-batch-size", "2")), items("a", "ab", "abc", "abcd", "abcde")))
                    .extracting(outcome -> ((Scored) outcome).value())
                    .containsExactly(1.0, 2.0, 3.0, 4.0, 5.0);
            assertThat(fake.requests()).hasSize(3);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "204, answered 204",
        "302, answered 302",
        "401, auth",
        "403, auth",
        "404, check url",
        "429, answered 429",
        "500, answered 500",
        "503, answered 503"
    })
    void aStatusThatIsNotTheItemsFaultMayBeRetried(int status, String message) {
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(status, "")) {
            assertThat(score(scorer(fake, Map.of()), items("a", "b")))
                    .allSatisfy(
                            outcome -> assertThat(((Failed) outcome).message()).contains(message));
            // By 500 an endpoint may have failed on one of them.
            assertThat(fake.requests()).hasSize(status == 500 ? 3 : 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 413, 415, 422})
    void aStatusThatIsTheItemsFaultMakesItInvalid(int status) {
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(status, "")) {
            assertThat(score(scorer(fake, Map.of()), items("a"))).first().isInstanceOf(Invalid.class);
        }
    }

    @Test
    void anEndpointThatNeverAnswersFails() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint((endpoint, exchange, request) -> endpoint.hang())) {
            assertThat(failure(fake, Map.of("call.timeout", "200ms"))).contains("did not answer within 200 ms");
        }
    }

    @Test
    void anEndpointThatNeverEndsItsAnswerFails() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint((endpoint, exchange, request) -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("{\"results\": [".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            endpoint.hang();
        })) {
            assertThat(failure(fake, Map.of("call.timeout", "200ms"))).contains("did not answer within 200 ms");
        }
    }

    @Test
    void anEndpointThatAnswersWithoutEndFails() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint((endpoint, exchange, request) -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] blanks = " ".repeat(1024).getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 1024; i++) {
                exchange.getResponseBody().write(blanks);
            }
        })) {
            assertThat(failure(fake, Map.of("call.max-response", "10KB"))).contains("more than 10240 bytes");
        }
    }

    @Test
    void anEndpointThatBreaksOffFails() {
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint((endpoint, exchange, request) -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
        })) {
            assertThat(failure(fake, Map.of())).contains("cannot be asked");
        }
    }

    @Test
    void anEndpointThatIsGoneFails() {
        FakeHttpEndpoint fake = FakeHttpEndpoint.of(200, "");
        HttpScorer scorer = scorer(fake, Map.of());
        fake.close();
        assertThat(score(scorer, items("a"))).first().isInstanceOf(Failed.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "1.01"})
    void aScoreOutOfItsRangeFails(String score) {
        try (FakeHttpEndpoint fake =
                FakeHttpEndpoint.of(200, "{\"results\": [{\"id\": 0, \"score\": %s}]}".formatted(score))) {
            assertThat(failure(fake, Map.of("score.range-min", "0", "score.range-max", "1")))
                    .contains("out of the range [0.0, 1.0]");
        }
    }

    @Test
    void anAnswerOfAnotherVersionFails() {
        try (FakeHttpEndpoint fake =
                FakeHttpEndpoint.of(200, "{\"version\": \"4\", \"results\": [{\"id\": 0, \"score\": 1}]}")) {
            assertThat(failure(fake, Map.of("score.version", "3"))).contains("\"4\" but 3");
        }
    }

    @Test
    void aCredentialThatIsGoneFailsAndIsNotTold() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "Bearer secret");
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(500, "")) {
            HttpScorer scorer = scorer(fake, Map.of("auth.file", token.toString()));
            Files.writeString(token, "Bearer secret\nX-Other: secret");
            assertThat(((Failed) score(scorer, items("a")).get(0)).message())
                    .contains("one line of ASCII")
                    .doesNotContain("secret");
            Files.delete(token);
            assertThat(((Failed) score(scorer, items("a")).get(0)).message()).contains("credential cannot be read");
            assertThat(fake.requests()).isEmpty();
        }
    }

    @Test
    void trustsTheCertificatesOfItsBundleAndNoOthers() throws Exception {
        SslBundle bundle = selfSigned();
        HttpsServer server = HttpsServer.create(FakeHttpEndpoint.freePort(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(bundle.createSslContext()));
        try (FakeHttpEndpoint fake = new FakeHttpEndpoint(server, PROMPT_LENGTH)) {
            Map<String, String> settings = Map.of("url", "https://127.0.0.1:%d/score".formatted(fake.port()));
            assertThat(failure(fake, settings)).contains("cannot be asked");
            Map<String, String> trusting = new HashMap<>(settings);
            trusting.put("call.ssl-bundle", "models");
            HttpScorer scorer = HttpScorer.open(
                    "http", PREFIX, properties(fake, trusting), new DefaultSslBundleRegistry("models", bundle));
            assertThat(score(scorer, items("abc"))).containsExactly(new Scored(3, Map.of()));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "url                       |                         | url is not set",
                "url                       | ftp://host/score        | url must be http",
                "url                       | score                   | url must be http",
                "url                       | http://me:pw@host/score | url must not hold a password",
                "call.timeout              | 0s                      | call.timeout must be positive",
                "call.max-response         | 0B                      | call.max-response must be positive",
                "call.max-batch-size       | 0                       | call.max-batch-size must be at least 1",
                "call.ssl-bundle           | none                    | call.ssl-bundle names none; spring.ssl.bundle defines []",
                "score.version             | ' '                     | score.version must not be blank",
                "score.range-min           | Infinity                | score.range-min and range-max must be finite",
                "auth.environment-variable | FLOWGUARD_NO_SUCH_KEY   | auth.environment-variable names FLOWGUARD_NO_SUCH_KEY",
                "auth.file                 | no/such/file            | auth: the credential cannot be read: no/such/file",
                "auth.header               | a b                     | auth.header"
            })
    void refusesWhatCannotWorkByName(String key, String value, String message) {
        try (FakeHttpEndpoint fake = FakeHttpEndpoint.of(200, "")) {
            Map<String, String> settings = new HashMap<>();
            settings.put(key, value);
            assertThatThrownBy(() -> scorer(fake, settings))
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessageStartingWith(PREFIX + ".")
                    .hasMessageContaining(message);
        }
    }

    /** A certificate for 127.0.0.1, trusted by itself, made by the JDK's own tool. */
    private SslBundle selfSigned() throws Exception {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "models",
                        "-dname",
                        "CN=models",
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-storepass",
                        "changeit",
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).isZero();
        JksSslStoreDetails details =
                JksSslStoreDetails.forLocation(store.toUri().toString()).withPassword("changeit");
        return SslBundle.of(new JksSslStoreBundle(details, details));
    }

    private static String failure(FakeHttpEndpoint fake, Map<String, String> settings) {
        return ((Failed) score(scorer(fake, settings), items("a")).get(0)).message();
    }

    private static HttpScorer scorer(FakeHttpEndpoint fake, Map<String, String> settings) {
        return HttpScorer.open("http", PREFIX, properties(fake, settings), new DefaultSslBundleRegistry());
    }

    private static HttpProperties properties(FakeHttpEndpoint fake, Map<String, String> settings) {
        Map<String, Object> all = new HashMap<>();
        all.put("url", "http://127.0.0.1:%d/score".formatted(fake.port()));
        all.putAll(settings);
        all.values().removeIf(value -> value == null);
        Map<String, Object> prefixed = new HashMap<>();
        all.forEach((key, value) -> prefixed.put(PREFIX + "." + key, value));
        return new Binder(new MapConfigurationPropertySource(prefixed)).bindOrCreate(PREFIX, HttpProperties.class);
    }

    private static List<ScoreItem> items(String... prompts) {
        BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_3BYTE_BGR);
        return List.of(prompts).stream()
                .map(prompt -> new ScoreItem(image, prompt))
                .toList();
    }

    private static List<ScoreOutcome> score(HttpScorer scorer, List<ScoreItem> items) {
        try (ScorerWorker worker = scorer.newWorker()) {
            return worker.scoreBatch(items);
        }
    }
}
