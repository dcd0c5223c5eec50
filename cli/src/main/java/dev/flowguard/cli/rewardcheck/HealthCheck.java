package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;

/** {@code grpc.health.v1} says SERVING, for the process and for its service. */
final class HealthCheck implements EndpointCheck {

    private static final String WHOLE_PROCESS = "";

    @Override
    public String name() {
        return "health";
    }

    @Override
    public Finding examine(Endpoint endpoint, Deadline deadline) throws Fault {
        try {
            require(endpoint, WHOLE_PROCESS, deadline);
        } catch (StatusRuntimeException e) {
            throw new Fault(
                    "grpc.health.v1 answers " + Reply.oneLine(e.getStatus()),
                    "register your language's standard health service: orchestrators and load balancers ask it");
        }
        try {
            require(endpoint, ScorerGrpc.SERVICE_NAME, deadline);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                throw e;
            }
            return Finding.warning(
                    name(),
                    "SERVING for the process, and no status for " + ScorerGrpc.SERVICE_NAME,
                    "set the status of that name too: client-side load balancers ask for it");
        }
        return Finding.ok(name(), "SERVING");
    }

    private static void require(Endpoint endpoint, String service, Deadline deadline) throws Fault {
        ServingStatus status = HealthGrpc.newBlockingStub(endpoint.channel())
                .withDeadline(deadline)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
        if (status != ServingStatus.SERVING) {
            throw new Fault(
                    "grpc.health.v1 says %s of '%s'".formatted(status, service),
                    "set SERVING once the scorers are loaded");
        }
    }
}
