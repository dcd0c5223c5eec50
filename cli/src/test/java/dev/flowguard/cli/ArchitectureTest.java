package dev.flowguard.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The house and its one direction, as {@code docs/architecture.md} draws it. */
class ArchitectureTest {

    private static final String PROTO = "dev.flowguard.proto..";
    private static final String TENSOR = "dev.flowguard.tensor..";
    private static final String MODELS = "dev.flowguard.models..";
    private static final String GRPO = "dev.flowguard.grpo..";
    private static final String REWARD = "dev.flowguard.reward..";
    private static final String ROLLOUT = "dev.flowguard.rollout..";
    private static final String LEARNER = "dev.flowguard.learner..";
    private static final String CLI = "dev.flowguard.cli..";

    private static JavaClasses flowguard;

    @BeforeAll
    static void readClasses() {
        flowguard = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.flowguard");
    }

    @Test
    void dependenciesPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("proto")
                .definedBy(PROTO)
                .layer("tensor")
                .definedBy(TENSOR)
                .layer("models")
                .definedBy(MODELS)
                .layer("grpo")
                .definedBy(GRPO)
                .layer("reward")
                .definedBy(REWARD)
                .layer("rollout")
                .definedBy(ROLLOUT)
                .layer("learner")
                .definedBy(LEARNER)
                .layer("cli")
                .definedBy(CLI)
                .whereLayer("proto")
                .mayNotAccessAnyLayer()
                .whereLayer("tensor")
                .mayNotAccessAnyLayer()
                .whereLayer("models")
                .mayOnlyAccessLayers("tensor")
                .whereLayer("grpo")
                .mayOnlyAccessLayers("tensor")
                .whereLayer("reward")
                .mayOnlyAccessLayers("proto", "tensor", "models", "grpo")
                .whereLayer("rollout")
                .mayOnlyAccessLayers("proto", "tensor", "models", "grpo")
                .whereLayer("learner")
                .mayOnlyAccessLayers("proto", "tensor", "models", "grpo")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .check(flowguard);
    }

    @Test
    void onlyTensorKnowsTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackages(TENSOR, MODELS)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl..")
                .check(flowguard);
    }

    @Test
    void onePackageKnowsOnnxRuntime() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.flowguard.reward.onnx")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(flowguard);
    }

    @Test
    void modelsKnowItsTokenizersAlone() {
        noClasses()
                .that()
                .resideInAPackage(MODELS)
                .should()
                .dependOnClassesThat(
                        resideInAPackage("ai.djl..").and(not(resideInAPackage("ai.djl.huggingface.tokenizers.."))))
                .check(flowguard);
    }

    @Test
    void theMathematicsKnowsNoFrameworkNoFileAndNoNetwork() {
        noClasses()
                .that()
                .resideInAPackage(GRPO)
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "org.springframework..", "io.grpc..", "com.google.protobuf..", "java.nio.file..", "java.net.."))
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.io\\.(File|RandomAccess|.*Stream|.*Reader|.*Writer).*")
                .check(flowguard);
    }

    /** Whoever certifies scorers by the contract must not know how ours are made. */
    @Test
    void rewardCheckKnowsTheContractAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.flowguard.cli.rewardcheck")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(REWARD, ROLLOUT, LEARNER, MODELS, GRPO)
                .check(flowguard);
    }

    @Test
    void pickleAndJavaSerializationAreNowhere() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.io\\.Object(In|Out)putStream")
                .check(flowguard);
    }
}
