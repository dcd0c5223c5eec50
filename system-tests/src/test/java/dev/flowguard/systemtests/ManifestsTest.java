package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The Kustomize base against the Kubernetes API's own models, which know every field: a misspelt one would be dropped in
 * silence by a server that is not asked to be strict.
 */
class ManifestsTest {

    private static final Path BASE = Path.of("..", "k8s", "base");
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final JsonMapper JSON = new JsonMapper();

    /** One workload, whatever its kind. */
    private record Workload(String name, V1LabelSelector selector, V1PodTemplateSpec template) {

        V1Container container() {
            return Objects.requireNonNull(template.getSpec()).getContainers().get(0);
        }
    }

    @Test
    void kustomizationListsEveryManifestAndNothingElse() throws IOException {
        Set<String> listed = listed();
        Set<String> present;
        try (Stream<Path> files = Files.list(BASE)) {
            present = files.map(file -> file.getFileName().toString()).collect(Collectors.toCollection(HashSet::new));
        }
        present.remove("kustomization.yaml");

        assertThat(listed).isEqualTo(present);
    }

    @TestFactory
    Stream<DynamicTest> everyFieldIsOneThatKubernetesKnows() throws IOException {
        return documents().stream()
                .map(document -> DynamicTest.dynamicTest(title(document), () -> {
                    JsonElement element = JsonParser.parseString(JSON.writeValueAsString(document));
                    assertThatCode(() -> validate(document.path("kind").asString(), element))
                            .doesNotThrowAnyException();
                }));
    }

    @Test
    void aMisspeltFieldWouldBeNoticed() {
        JsonElement wrong = JsonParser.parseString(
                "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"spec\": {\"replica\": 1, \"selector\": {},"
                        + " \"template\": {}}}");

        assertThatCode(() -> validate("Deployment", wrong)).hasMessageContaining("replica");
    }

    @Test
    void selectorsFindTheirPodsAndServicesTheirPorts() throws IOException {
        Map<String, Workload> workloads =
                workloads().stream().collect(Collectors.toMap(Workload::name, workload -> workload));
        for (Workload workload : workloads.values()) {
            Map<String, String> labels =
                    Objects.requireNonNull(workload.template().getMetadata()).getLabels();
            assertThat(labels)
                    .as(workload.name())
                    .containsAllEntriesOf(workload.selector().getMatchLabels());
        }
        for (V1Service service : services()) {
            String name = Objects.requireNonNull(service.getMetadata()).getName();
            Workload behind = Objects.requireNonNull(workloads.get(name), "no workload behind the service " + name);
            Set<String> ports = Objects.requireNonNull(behind.container().getPorts()).stream()
                    .map(port -> port.getName())
                    .collect(Collectors.toSet());
            Objects.requireNonNull(service.getSpec()).getPorts().forEach(port -> assertThat(ports)
                    .as(name)
                    .contains(port.getTargetPort().getStrValue()));
            // gRPC keeps one connection: behind a cluster IP, new pods would never get work.
            assertThat(service.getSpec().getClusterIP()).as(name).isEqualTo("None");
        }
    }

    @Test
    void everyPodIsLockedDownProbedAndStopsInItsOwnTime() throws IOException {
        for (Workload workload : workloads()) {
            V1Container container = workload.container();
            assertThat(container.getSecurityContext().getRunAsNonRoot())
                    .as(workload.name())
                    .isTrue();
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .as(workload.name())
                    .isTrue();
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .as(workload.name())
                    .isFalse();
            assertThat(container.getStartupProbe()).as(workload.name()).isNotNull();
            assertThat(container.getReadinessProbe()).as(workload.name()).isNotNull();
            assertThat(container.getLivenessProbe()).as(workload.name()).isNotNull();
            assertThat(container.getResources().getLimits()).as(workload.name()).containsKey("memory");
            assertThat(workload.template().getSpec().getTerminationGracePeriodSeconds())
                    .as(workload.name())
                    .isGreaterThan(30);
        }
    }

    private static void validate(String kind, JsonElement element) throws IOException {
        switch (kind) {
            case "Deployment" -> V1Deployment.validateJsonElement(element);
            case "StatefulSet" -> V1StatefulSet.validateJsonElement(element);
            case "Service" -> V1Service.validateJsonElement(element);
            case "Namespace" -> V1Namespace.validateJsonElement(element);
            case "PersistentVolumeClaim" -> V1PersistentVolumeClaim.validateJsonElement(element);
            default -> throw new IllegalArgumentException("no model for " + kind + ": add one to this test");
        }
    }

    private static Set<String> listed() throws IOException {
        JsonNode kustomization = YAML.readTree(Files.readString(BASE.resolve("kustomization.yaml")));
        return kustomization
                .path("resources")
                .valueStream()
                .map(JsonNode::asString)
                .collect(Collectors.toSet());
    }

    private static List<JsonNode> documents() throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        for (String file : listed()) {
            try (MappingIterator<JsonNode> parts =
                    YAML.readerFor(JsonNode.class).readValues(Files.readString(BASE.resolve(file)))) {
                parts.forEachRemaining(documents::add);
            }
        }
        return documents;
    }

    private static List<Workload> workloads() throws IOException {
        List<Workload> workloads = new ArrayList<>();
        for (JsonNode document : documents()) {
            String json = JSON.writeValueAsString(document);
            switch (document.path("kind").asString()) {
                case "Deployment" -> {
                    V1Deployment deployment = V1Deployment.fromJson(json);
                    workloads.add(new Workload(
                            deployment.getMetadata().getName(),
                            deployment.getSpec().getSelector(),
                            deployment.getSpec().getTemplate()));
                }
                case "StatefulSet" -> {
                    V1StatefulSet set = V1StatefulSet.fromJson(json);
                    workloads.add(new Workload(
                            set.getMetadata().getName(),
                            set.getSpec().getSelector(),
                            set.getSpec().getTemplate()));
                }
                default -> {
                    // Not a workload.
                }
            }
        }
        assertThat(workloads).hasSize(3);
        return workloads;
    }

    private static List<V1Service> services() throws IOException {
        List<V1Service> services = new ArrayList<>();
        for (JsonNode document : documents()) {
            if (document.path("kind").asString().equals("Service")) {
                services.add(V1Service.fromJson(JSON.writeValueAsString(document)));
            }
        }
        return services;
    }

    private static String title(JsonNode document) {
        return document.path("kind").asString() + " "
                + document.path("metadata").path("name").asString();
    }
}
