package dev.flowguard.rollout;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a worker is told: the learner's address. Everything about the run comes from there.
 *
 * @param coordinator the learner's gRPC target: {@code localhost:7080}, {@code dns:///learner:7080} or {@code
 *     in-process:NAME}
 * @param workerId this worker's name, unique in the run; by default host and process
 * @param device the devices that sample: {@code cpu}, {@code cuda:0}, or several as {@code cuda:0,cuda:1}
 * @param groupsInFlight how many groups a worker holds at most: one is drawn, the others are scored or wait
 * @param drainTimeout how long a stopping worker may finish what it holds before it gives the rest back
 * @param policyTimeout the longest that fetching a policy may take, all tries included
 * @param submitTimeout the longest that handing in a group may take, all tries included
 */
@ConfigurationProperties("flowguard.rollout")
record RolloutProperties(
        @Nullable String coordinator,
        @Nullable String workerId,
        @DefaultValue("cpu") String device,
        @DefaultValue("3") int groupsInFlight,
        @DefaultValue("20s") Duration drainTimeout,
        @DefaultValue("5m") Duration policyTimeout,
        @DefaultValue("2m") Duration submitTimeout) {

    RolloutProperties {
        if (coordinator == null || coordinator.isBlank()) {
            throw new InputException("flowguard.rollout.coordinator is missing: give the learner's address, for example"
                    + " --flowguard.rollout.coordinator=localhost:7080");
        }
        if (workerId == null || workerId.isBlank()) {
            workerId = hostAndProcess();
        }
        if (groupsInFlight < 1 || groupsInFlight > 64) {
            throw new InputException("flowguard.rollout.groups-in-flight is " + groupsInFlight + ": give 1 to 64");
        }
    }

    /**
     * The settings of a worker for each device: with several, each has the device's name in its own.
     *
     * @throws InputException if a device is unknown or given twice
     */
    List<RolloutProperties> perDevice() {
        List<String> devices = Arrays.stream(device.split(",", -1))
                .map(name -> Device.parse(name.strip()).toString())
                .toList();
        if (new HashSet<>(devices).size() < devices.size()) {
            throw new InputException(
                    "flowguard.rollout.device is '" + device + "', which gives a device twice: name each once");
        }
        return devices.stream()
                .map(one -> on(one, devices.size() == 1 ? workerId : workerId + "-" + one.replace(":", "")))
                .toList();
    }

    private RolloutProperties on(String oneDevice, @Nullable String name) {
        return new RolloutProperties(
                coordinator, name, oneDevice, groupsInFlight, drainTimeout, policyTimeout, submitTimeout);
    }

    private static String hostAndProcess() {
        String process = "-" + ProcessHandle.current().pid();
        try {
            return InetAddress.getLocalHost().getHostName() + process;
        } catch (UnknownHostException e) {
            // A machine that does not know its own name is no reason not to work.
            return "worker" + process;
        }
    }
}
