package dev.flowguard.reward.bridge;

import dev.flowguard.proto.inference.GRPCInferenceServiceGrpc;
import dev.flowguard.proto.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A server of the protocol, as it is asked here: by calls that have a deadline, and say who asks. */
record KserveServer(Channel channel, Optional<Credential> credential, Duration timeout) {

    /** For one call: its deadline runs from now. */
    GRPCInferenceServiceBlockingStub call() throws EndpointException {
        GRPCInferenceServiceBlockingStub call = GRPCInferenceServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (credential.isEmpty()) {
            return call;
        }
        Metadata headers = new Metadata();
        headers.put(
                Metadata.Key.of(credential.get().header(), Metadata.ASCII_STRING_MARSHALLER),
                credential.get().value());
        return call.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }
}
