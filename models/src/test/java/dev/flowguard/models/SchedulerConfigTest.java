package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerConfigTest {

    private final Path folder;

    SchedulerConfigTest(@TempDir Path folder) {
        this.folder = folder;
    }

    /** Tokens and shift as diffusers' calculate_shift and time_shift have them. */
    @ParameterizedTest
    @CsvSource({"256, 0.5", "1024, 0.63", "4096, 1.15", "8100, 1.82776041666"})
    void theDynamicShiftGrowsWithTheTokens(long tokens, double mu) {
        SchedulerConfig config = SchedulerConfig.ofDynamicShift();
        assertThat(config.shift(tokens)).isCloseTo(Math.exp(mu), within(1e-9));
        SchedulerConfig linear =
                new SchedulerConfig(3, true, .5, 1.15, 256, 4096, SchedulerConfig.TimeShiftType.LINEAR);
        assertThat(linear.shift(tokens)).isCloseTo(mu, within(1e-9));
    }

    @Test
    void theStaticShiftDoesNot() {
        assertThat(SchedulerConfig.ofShift(3).shift(8)).isEqualTo(3);
        assertThat(SchedulerConfig.ofShift(3).shift(4096)).isEqualTo(3);
    }

    @Test
    void stableDiffusionShiftsItsLowestLevelTwiceUnlessTheShiftIsDynamic() {
        assertThat(SchedulerConfig.ofShift(3).trainedRange(1024).lowest()).isCloseTo(.0029940, within(1e-7));
        assertThat(SchedulerConfig.ofDynamicShift().trainedRange(1024)).isEqualTo(new NoiseRange(.001, Math.exp(.63)));
    }

    /** What diffusers' pipeline of FLUX.1-dev visits in six steps at 512 x 512: 1024 tokens. */
    @Test
    void fluxVisitsTheNoiseLevelsOfDiffusers() {
        float[] sigmas = Euler.sigmas(SchedulerConfig.ofDynamicShift().evenRange(6, 1024), 6);
        float[] diffusers = {1, .9037356f, .7897048f, .6524895f, .4842184f, .2730033f, 0};
        assertThat(sigmas).containsExactly(diffusers, within(1e-6f));
    }

    @Test
    void survivesItsFile() throws IOException {
        SchedulerConfig config =
                new SchedulerConfig(2, true, .25, 1.5, 100, 5000, SchedulerConfig.TimeShiftType.LINEAR);
        Path file = Files.write(folder.resolve("scheduler_config.json"), ConfigFile.toJson(config.toJson()));
        assertThat(SchedulerConfig.read(ConfigFile.read(file))).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"time_shift_type\": \"cubic\"} | time_shift_type is 'cubic'",
                "{\"shift_terminal\": 0.1} | shift_terminal is not supported",
                "{\"max_image_seq_len\": 256} | max_image_seq_len must not be base_image_seq_len",
                "{\"use_karras_sigmas\": true} | use_karras_sigmas is not supported",
            })
    void whatIsNotSupportedIsRefused(String json, String complaint) throws IOException {
        Path file = Files.writeString(folder.resolve("scheduler_config.json"), json);
        assertThatThrownBy(() -> SchedulerConfig.read(ConfigFile.read(file)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint);
    }
}
