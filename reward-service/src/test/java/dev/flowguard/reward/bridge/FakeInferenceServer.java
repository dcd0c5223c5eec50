package dev.flowguard.reward.bridge;

import dev.flowguard.proto.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.flowguard.proto.inference.ModelInferRequest;
import dev.flowguard.proto.inference.ModelInferResponse;
import dev.flowguard.proto.inference.ModelMetadataRequest;
import dev.flowguard.proto.inference.ModelMetadataResponse;
import dev.flowguard.proto.inference.ModelReadyRequest;
import dev.flowguard.proto.inference.ModelReadyResponse;
import dev.flowguard.proto.inference.ServerReadyRequest;
import dev.flowguard.proto.inference.ServerReadyResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;

/** A server of the Open Inference Protocol that does as a test tells it. */
final class FakeInferenceServer extends GRPCInferenceServiceImplBase implements AutoCloseable {

    private final ModelMetadataResponse metadata;
    private final BiConsumer<ModelInferRequest, StreamObserver<ModelInferResponse>> model;
    private final Queue<ModelInferRequest> requests = new ConcurrentLinkedQueue<>();
    private final Server server;
    private final String name = InProcessServerBuilder.generateName();
    private volatile boolean serverReady = true;
    private volatile boolean modelReady = true;

    FakeInferenceServer(
            ModelMetadataResponse metadata, BiConsumer<ModelInferRequest, StreamObserver<ModelInferResponse>> model)
            throws IOException {
        this.metadata = metadata;
        this.model = model;
        this.server =
                InProcessServerBuilder.forName(name).addService(this).build().start();
    }

    ManagedChannel channel() {
        return InProcessChannelBuilder.forName(name).build();
    }

    void ready(boolean server, boolean ofModel) {
        serverReady = server;
        modelReady = ofModel;
    }

    List<ModelInferRequest> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> caller) {
        answer(caller, ServerReadyResponse.newBuilder().setReady(serverReady).build());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> caller) {
        answer(caller, ModelReadyResponse.newBuilder().setReady(modelReady).build());
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> caller) {
        if (request.getName().equals(metadata.getName())) {
            answer(caller, metadata);
        } else {
            caller.onError(Status.NOT_FOUND.withDescription("no such model").asRuntimeException());
        }
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> caller) {
        requests.add(request);
        model.accept(request, caller);
    }

    static <T> void answer(StreamObserver<T> caller, T message) {
        caller.onNext(message);
        caller.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
