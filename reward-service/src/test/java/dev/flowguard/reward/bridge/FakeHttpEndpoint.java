package dev.flowguard.reward.bridge;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A reward model behind HTTP, or what is left of one. Closing it ends what hangs. */
final class FakeHttpEndpoint implements AutoCloseable {

    /** What is answered to a request. */
    interface Behaviour {
        void answer(FakeHttpEndpoint endpoint, HttpExchange exchange, JsonNode request) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Queue<JsonNode> requests = new ConcurrentLinkedQueue<>();
    private final Queue<String> authorizations = new ConcurrentLinkedQueue<>();

    FakeHttpEndpoint(Behaviour behaviour) {
        this(plainServer(), behaviour);
    }

    FakeHttpEndpoint(HttpServer server, Behaviour behaviour) {
        this.server = server;
        HttpHandler handler = exchange -> {
            JsonNode request = new JsonMapper().readTree(exchange.getRequestBody());
            requests.add(request);
            authorizations.addAll(exchange.getRequestHeaders().getOrDefault("Authorization", List.of()));
            try (exchange) {
                behaviour.answer(this, exchange, request);
            }
        };
        server.createContext("/score", handler);
        server.setExecutor(threads);
        server.start();
    }

    static InetSocketAddress freePort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static HttpServer plainServer() {
        try {
            return HttpServer.create(freePort(), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers every request by this text. */
    static FakeHttpEndpoint of(int status, String body) {
        return new FakeHttpEndpoint((endpoint, exchange, request) -> respond(exchange, status, body));
    }

    static void respond(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** Answers nothing until the test is over. */
    void hang() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    List<JsonNode> requests() {
        return List.copyOf(requests);
    }

    List<String> authorizations() {
        return List.copyOf(authorizations);
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
