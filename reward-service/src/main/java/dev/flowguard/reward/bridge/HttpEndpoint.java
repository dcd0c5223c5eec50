package dev.flowguard.reward.bridge;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An endpoint that takes items as JSON by POST:
 *
 * <pre>{@code
 * {"items": [{"id": 0, "image": "<PNG in base64>", "prompt": "a sign", "metadata": {"tag": "counting"}}, ...]}
 * }</pre>
 *
 * {@code prompt} and {@code metadata} are there where the settings want them, {@code metadata} only where the prompt has any. The images are RGB of 8 bits.
 * {@link HttpAnswer} is the answer, of status 200. By 400, 413, 415 and 422 the endpoint finds fault with the items, by 500 it has failed on them;
 * by any other status, a redirect among them, it has failed.
 */
final class HttpEndpoint implements Endpoint {

    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient client;
    private final URI url;
    private final Optional<Credential> credential;
    private final HttpProperties properties;
    private final String version;
    private final String address;

    HttpEndpoint(
            HttpClient client, URI url, Optional<Credential> credential, HttpProperties properties, String version) {
        this.client = client;
        this.url = url;
        this.credential = credential;
        this.properties = properties;
        this.version = version;
        // Without the query, which may hold a key.
        this.address = "%s://%s%s".formatted(url.getScheme(), url.getAuthority(), url.getPath());
    }

    @Override
    public List<ScoreOutcome> ask(List<ScoreItem> items) throws BatchRefusedException, EndpointException {
        HttpResponse<byte[]> response = send(request(items));
        int status = response.statusCode();
        if (status == 200) {
            return HttpAnswer.read(JSON, response.body(), items.size(), version);
        }
        String message = "%s answered %d".formatted(address, status);
        switch (status) {
            case 400, 413, 415, 422 -> throw BatchRefusedException.faulty(message);
            case 500 -> throw BatchRefusedException.failed(message);
            case 401, 403 -> throw new EndpointException(message + ": check the settings of auth");
            case 404, 405 -> throw new EndpointException(message + ": check url");
            default -> throw new EndpointException(message);
        }
    }

    private HttpRequest request(List<ScoreItem> items) throws BatchRefusedException, EndpointException {
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body(items)));
        if (credential.isPresent()) {
            request.header(credential.get().header(), credential.get().value());
        }
        return request.build();
    }

    private byte[] body(List<ScoreItem> items) throws BatchRefusedException {
        ObjectNode body = JSON.createObjectNode();
        ArrayNode array = body.putArray("items");
        for (int id = 0; id < items.size(); id++) {
            ScoreItem item = items.get(id);
            ObjectNode node = array.addObject().put("id", id).put("image", PngBytes.of(item.image()));
            if (properties.prompt()) {
                node.put("prompt", item.prompt());
            }
            if (item.metadata().isPresent()) {
                node.set("metadata", JSON.readTree(json(item.metadata().get())));
            }
        }
        return JSON.writeValueAsBytes(body);
    }

    private static String json(Struct metadata) throws BatchRefusedException {
        try {
            return JsonFormat.printer().print(metadata);
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw BatchRefusedException.faulty(
                    "the metadata cannot be written as JSON: " + HttpAnswer.oneLine(e.getMessage()));
        }
    }

    private HttpResponse<byte[]> send(HttpRequest request) throws EndpointException {
        Duration timeout = properties.call().timeout();
        long maxBytes = properties.call().maxResponse().toBytes();
        // The request's own timeout would end with the response's headers; this one covers the body too.
        CompletableFuture<HttpResponse<byte[]>> response = client.sendAsync(request, head -> new BoundedBody(maxBytes));
        try {
            return response.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            response.cancel(true);
            throw new EndpointException("%s did not answer within %d ms".formatted(address, timeout.toMillis()), e);
        } catch (InterruptedException e) {
            response.cancel(true);
            Thread.currentThread().interrupt();
            throw new EndpointException("the service is stopping", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new EndpointException(
                    "%s cannot be asked: %s %s"
                            .formatted(
                                    address, cause.getClass().getSimpleName(), HttpAnswer.oneLine(cause.getMessage())),
                    cause);
        }
    }
}
