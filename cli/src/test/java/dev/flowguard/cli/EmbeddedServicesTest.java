package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.cli.EmbeddedServices.Service;
import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

class EmbeddedServicesTest {

    private final ConcurrentLinkedQueue<String> events = new ConcurrentLinkedQueue<>();

    @Test
    void everyServiceStartsAndClosesInOrder() {
        try (EmbeddedServices services = EmbeddedServices.start(List.of(recording("first"), recording("second")))) {
            assertThat(events).containsExactlyInAnyOrder("first ready", "second ready");
            assertThat(services.bean(Good.class)).isNotNull();
            events.clear();
        }
        assertThat(events).containsExactly("first closed", "second closed");
    }

    @Test
    void nothingBeginsWhereOneServiceCannotStart() {
        Service bad = new Service(new SpringApplicationBuilder(Bad.class), List.of());

        assertThatThrownBy(() -> EmbeddedServices.start(List.of(recording("good"), bad)))
                .satisfies(
                        failure -> assertThat(MendableFailure.describe(failure)).hasValue("no such scorer"));

        assertThat(events).doesNotContain("good ready");
    }

    private Service recording(String name) {
        SpringApplicationBuilder application = new SpringApplicationBuilder(Good.class)
                .initializers((ConfigurableApplicationContext context) -> {
                    context.addApplicationListener((ApplicationReadyEvent ready) -> events.add(name + " ready"));
                    DisposableBean closing = () -> events.add(name + " closed");
                    ((DefaultListableBeanFactory) context.getBeanFactory()).registerDisposableBean("closing", closing);
                });
        return new Service(application, List.of());
    }

    @Configuration(proxyBeanMethods = false)
    static class Good {}

    @Configuration(proxyBeanMethods = false)
    static class Bad {
        Bad() {
            throw new InputException("no such scorer");
        }
    }
}
