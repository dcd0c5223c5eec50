package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.InputException;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SigmaScheduleTest {

    @Test
    void sd3IsShiftedTwiceAtItsLowerEnd() {
        assertSigmas(SigmaSchedule.sd3(10, 3), Golden.values("sd3.10"), 1e-15);
        double[] diffusers = {
            1, .9601293, .9133489, .8576923, .7903683, .7072785, .6021505, .4648760, .2780488, .0089286, 0
        };
        assertSigmas(SigmaSchedule.sd3(10, 3), diffusers, 5e-8);
    }

    @Test
    void fluxIsShiftedByItsResolution() {
        assertSigmas(SigmaSchedule.shifted(6, 1. / 6, Math.exp(.63)), Golden.values("flux.512.6"), 1e-15);
        assertSigmas(SigmaSchedule.shifted(10, .1, Math.exp(1.15)), Golden.values("flux.1024.10"), 1e-15);
        double[] diffusers = {1, .9037356, .7897048, .6524895, .4842184, .2730033, 0};
        assertSigmas(SigmaSchedule.shifted(6, 1. / 6, Math.exp(.63)), diffusers, 5e-8);
    }

    @Test
    void timestepsAreAThousandTimesSigmaInFp32() {
        assertThat(SigmaSchedule.sd3(10, 3).timestep(0)).isEqualTo(1000f);
        assertThat(SigmaSchedule.of(1, .1, 0).timestep(1)).isEqualTo((float) (1000 * .1));
    }

    @Test
    void theDigestCoversBigEndianFp64() {
        assertThat(HexFormat.of().formatHex(SigmaSchedule.of(1, .5, 0).sha256()))
                .isEqualTo("8b91bae1a7f3e84c5c6ae67880ad89cb61eb529cb37f8e4b1b00b29c377298c6");
        assertThat(SigmaSchedule.of(1, Math.nextUp(.5), 0).sha256())
                .isNotEqualTo(SigmaSchedule.of(1, .5, 0).sha256());
    }

    @Test
    void schedulesOfTheSameNumbersAreEqualAndKeepTheirNumbers() {
        double[] sigmas = {1, .5, 0};
        SigmaSchedule schedule = SigmaSchedule.of(sigmas);
        sigmas[1] = .7;
        schedule.toArray()[1] = .7;
        assertThat(schedule).isEqualTo(SigmaSchedule.of(1, .5, 0)).hasSameHashCodeAs(SigmaSchedule.of(1, .5, 0));
    }

    @Test
    void whatIsNoScheduleIsRefused() {
        assertThatThrownBy(() -> SigmaSchedule.of(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> SigmaSchedule.of(1.1, 0)).hasMessageContaining("first sigma is 1.1");
        assertThatThrownBy(() -> SigmaSchedule.of(1, .5, .5, 0)).hasMessageContaining("sigma 2 is 0.5 after 0.5");
        assertThatThrownBy(() -> SigmaSchedule.of(1, Double.NaN, 0)).hasMessageContaining("sigma 1 is NaN");
        assertThatThrownBy(() -> SigmaSchedule.of(1, .5)).hasMessageContaining("last sigma is 0.5");
        assertThatThrownBy(() -> SigmaSchedule.sd3(1, 3)).hasMessageContaining("1 steps");
        assertThatThrownBy(() -> SigmaSchedule.sd3(10, -1)).hasMessageContaining("shift is -1.0");
        assertThatThrownBy(() -> SigmaSchedule.shifted(6, 0, 1)).hasMessageContaining("lowest level is 0.0");
    }

    @Property(tries = 200)
    void everySd3ScheduleFallsFromOneToZero(
            @ForAll @IntRange(min = 2, max = 200) int steps, @ForAll @DoubleRange(min = .5, max = 12) double shift) {
        SigmaSchedule schedule = SigmaSchedule.sd3(steps, shift);
        assertThat(schedule.steps()).isEqualTo(steps);
        assertThat(schedule.sigma(0)).isEqualTo(1);
        assertThat(schedule.sigma(steps)).isZero();
    }

    @Property(tries = 200)
    void everyFluxScheduleFallsFromOneToZero(
            @ForAll @IntRange(min = 1, max = 200) int steps, @ForAll @DoubleRange(min = 0, max = 2) double mu) {
        SigmaSchedule schedule = SigmaSchedule.shifted(steps, 1. / steps, Math.exp(mu));
        assertThat(schedule.steps()).isEqualTo(steps);
        assertThat(schedule.sigma(0)).isEqualTo(1);
    }

    private static void assertSigmas(SigmaSchedule schedule, double[] expected, double tolerance) {
        assertThat(schedule.toArray()).containsExactly(expected, within(tolerance));
    }
}
