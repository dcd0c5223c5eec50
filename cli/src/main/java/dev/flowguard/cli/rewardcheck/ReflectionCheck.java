package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.List;

/** Server reflection, in either of its versions, whose messages are the same. Good to have; nothing depends on it. */
final class ReflectionCheck implements EndpointCheck {

    private static final List<String> METHODS = List.of(
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");

    @Override
    public String name() {
        return "reflection";
    }

    @Override
    public Finding examine(Endpoint endpoint, Deadline deadline) {
        for (String method : METHODS) {
            if (lists(endpoint, method, deadline)) {
                return Finding.ok(name(), "lists " + ScorerGrpc.SERVICE_NAME);
            }
        }
        return Finding.warning(
                name(),
                "not there, or without " + ScorerGrpc.SERVICE_NAME,
                "nothing depends on it, but it lets grpcurl and its like call the scorer without the .proto files");
    }

    private static boolean lists(Endpoint endpoint, String method, Deadline deadline) {
        // One question, one answer: the stream is left after the first.
        MethodDescriptor<ServerReflectionRequest, ServerReflectionResponse> descriptor =
                ServerReflectionGrpc.getServerReflectionInfoMethod().toBuilder()
                        .setFullMethodName(method)
                        .setType(MethodType.SERVER_STREAMING)
                        .build();
        try {
            Iterator<ServerReflectionResponse> answers = ClientCalls.blockingServerStreamingCall(
                    endpoint.channel(),
                    descriptor,
                    CallOptions.DEFAULT.withDeadline(deadline),
                    ServerReflectionRequest.newBuilder().setListServices("").build());
            return answers.hasNext()
                    && answers.next().getListServicesResponse().getServiceList().stream()
                            .anyMatch(service -> service.getName().equals(ScorerGrpc.SERVICE_NAME));
        } catch (StatusRuntimeException absent) {
            return false;
        }
    }
}
