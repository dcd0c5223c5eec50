package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.reward.bridge.ImageType;
import dev.flowguard.reward.clip.AestheticProperties;
import dev.flowguard.reward.clip.ClipProperties;
import dev.flowguard.reward.geneval.GenEvalProperties;
import dev.flowguard.reward.imagereward.ImageRewardProperties;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.onnx.ChannelOrder;
import dev.flowguard.reward.ppocr.PpOcrProperties;
import dev.flowguard.reward.reference.ReferenceProperties;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

class RewardPropertiesTest {

    private static final ClipProperties CLIP = new ClipProperties(null, null, "cpu", "float32");
    private static final AestheticProperties AESTHETIC = new AestheticProperties(null, null, null, "cpu", "float32");
    private static final GenEvalProperties GENEVAL = new GenEvalProperties(
            null,
            null,
            CLIP,
            GenEvalProperties.Score.TRAINING,
            false,
            800,
            1333,
            List.of(123.675f, 116.28f, 103.53f),
            List.of(58.395f, 57.12f, 57.375f),
            ChannelOrder.RGB,
            1);

    @Test
    void defaults() {
        RewardProperties defaults = bind(Map.of());
        assertThat(defaults.scorers()).containsExactly("ocr");
        assertThat(defaults.workers()).isNull();
        assertThat(defaults.batch()).isEqualTo(new RewardProperties.Batch(8, Duration.ofMillis(2)));
        assertThat(defaults.admission())
                .isEqualTo(new RewardProperties.Admission(
                        256, 32, 65_536, Duration.ofMinutes(10), Duration.ofMillis(250)));
        assertThat(defaults.limits())
                .isEqualTo(
                        new RewardProperties.Limits(DataSize.ofMegabytes(4), 2048, 10_000, DataSize.ofKilobytes(64)));
        assertThat(defaults.ocr()).isEqualTo(new OcrProperties(12, 3, 7, ""));
        assertThat(defaults.referenceSimilarity()).isEqualTo(new ReferenceProperties(null));
        assertThat(List.of(defaults.pickscore(), defaults.clipscore(), defaults.hpsv2()))
                .containsOnly(CLIP);
        assertThat(defaults.aesthetic()).isEqualTo(AESTHETIC);
        assertThat(defaults.imageReward()).isEqualTo(new ImageRewardProperties(null, "cpu", "float32"));
        assertThat(defaults.geneval()).isEqualTo(GENEVAL);
        assertThat(defaults.http().url()).isNull();
        assertThat(defaults.httpEndpoints()).isEmpty();
        assertThat(defaults.kserve().target()).isNull();
        assertThat(defaults.kserveEndpoints()).isEmpty();
    }

    @Test
    void fullMapping() {
        RewardProperties mapped = bind(Map.ofEntries(
                Map.entry("flowguard.reward.scorers", "ocr,jpeg-compressibility"),
                Map.entry("flowguard.reward.workers", "3"),
                Map.entry("flowguard.reward.batch.max-size", "16"),
                Map.entry("flowguard.reward.batch.max-delay", "5ms"),
                Map.entry("flowguard.reward.admission.queue-capacity", "100"),
                Map.entry("flowguard.reward.admission.max-in-flight-per-call", "10"),
                Map.entry("flowguard.reward.admission.max-items-per-call", "1000"),
                Map.entry("flowguard.reward.admission.max-call-duration", "1m"),
                Map.entry("flowguard.reward.admission.retry-delay", "1s"),
                Map.entry("flowguard.reward.limits.max-image-bytes", "1MB"),
                Map.entry("flowguard.reward.limits.max-image-side", "512"),
                Map.entry("flowguard.reward.limits.max-prompt-length", "77"),
                Map.entry("flowguard.reward.limits.max-metadata-bytes", "2KB"),
                Map.entry("flowguard.reward.ocr.padding", "4"),
                Map.entry("flowguard.reward.ocr.enlarge", "2"),
                Map.entry("flowguard.reward.ocr.page-segmentation-mode", "6"),
                Map.entry("flowguard.reward.ocr.character-whitelist", "ABC"),
                Map.entry("flowguard.reward.pickscore.model", "pickscore"),
                Map.entry("flowguard.reward.pickscore.processor", "clip-h"),
                Map.entry("flowguard.reward.pickscore.device", "cuda:1"),
                Map.entry("flowguard.reward.pickscore.dtype", "bfloat16"),
                Map.entry("flowguard.reward.pickscore.images-per-pass", "16"),
                Map.entry("flowguard.reward.aesthetic.head", "head.safetensors"),
                Map.entry("flowguard.reward.image-reward.model", "image-reward"),
                Map.entry("flowguard.reward.image-reward.device", "cuda"),
                Map.entry("flowguard.reward.image-reward.dtype", "float16"),
                Map.entry("flowguard.reward.geneval.detector", "detector.onnx"),
                Map.entry("flowguard.reward.geneval.class-names", "names.txt"),
                Map.entry("flowguard.reward.geneval.clip.model", "clip-l"),
                Map.entry("flowguard.reward.geneval.score", "benchmark"),
                Map.entry("flowguard.reward.geneval.reference-compat", "true"),
                Map.entry("flowguard.reward.geneval.short-side", "640"),
                Map.entry("flowguard.reward.geneval.long-side", "640"),
                Map.entry("flowguard.reward.geneval.mean", "0,0,0"),
                Map.entry("flowguard.reward.geneval.std", "255,255,255"),
                Map.entry("flowguard.reward.geneval.channels", "bgr"),
                Map.entry("flowguard.reward.geneval.threads", "2"),
                Map.entry("flowguard.reward.ocr.engine", "pp-ocr"),
                Map.entry("flowguard.reward.ocr.pp-ocr.detection", "det.onnx"),
                Map.entry("flowguard.reward.ocr.pp-ocr.recognition", "rec.onnx"),
                Map.entry("flowguard.reward.ocr.pp-ocr.dictionary", "dict.txt"),
                Map.entry("flowguard.reward.reference-similarity.index", "signs/index.jsonl"),
                Map.entry("flowguard.reward.http.url", "http://127.0.0.1:9000/score"),
                Map.entry("flowguard.reward.http-endpoints.my-judge.url", "https://judge/score"),
                Map.entry("flowguard.reward.http-endpoints.my-judge.call.timeout", "5s"),
                Map.entry("flowguard.reward.kserve.target", "dns:///models:8001"),
                Map.entry("flowguard.reward.kserve.image.mean", "0.5,0.25,0.125"),
                Map.entry("flowguard.reward.kserve-endpoints.beauty.image.datatype", "fp32")));
        assertThat(mapped.scorers()).containsExactly("ocr", "jpeg-compressibility");
        assertThat(mapped.workers()).isEqualTo(3);
        assertThat(mapped.batch()).isEqualTo(new RewardProperties.Batch(16, Duration.ofMillis(5)));
        assertThat(mapped.admission())
                .isEqualTo(new RewardProperties.Admission(100, 10, 1000, Duration.ofMinutes(1), Duration.ofSeconds(1)));
        assertThat(mapped.limits())
                .isEqualTo(new RewardProperties.Limits(DataSize.ofMegabytes(1), 512, 77, DataSize.ofKilobytes(2)));
        assertThat(mapped.ocr())
                .isEqualTo(new OcrProperties(
                        4,
                        2,
                        6,
                        "ABC",
                        OcrProperties.Engine.PP_OCR,
                        new PpOcrProperties(Path.of("det.onnx"), Path.of("rec.onnx"), Path.of("dict.txt"), 960, 1)));
        assertThat(mapped.referenceSimilarity()).isEqualTo(new ReferenceProperties(Path.of("signs/index.jsonl")));
        assertThat(mapped.pickscore())
                .isEqualTo(new ClipProperties(Path.of("pickscore"), Path.of("clip-h"), "cuda:1", "bfloat16", 16));
        assertThat(mapped.clipscore()).isEqualTo(CLIP);
        assertThat(mapped.aesthetic())
                .isEqualTo(new AestheticProperties(null, null, Path.of("head.safetensors"), "cpu", "float32"));
        assertThat(mapped.imageReward())
                .isEqualTo(new ImageRewardProperties(Path.of("image-reward"), "cuda", "float16"));
        assertThat(mapped.geneval())
                .isEqualTo(new GenEvalProperties(
                        Path.of("detector.onnx"),
                        Path.of("names.txt"),
                        new ClipProperties(Path.of("clip-l"), null, "cpu", "float32"),
                        GenEvalProperties.Score.BENCHMARK,
                        true,
                        640,
                        640,
                        List.of(0f, 0f, 0f),
                        List.of(255f, 255f, 255f),
                        ChannelOrder.BGR,
                        2));
        assertThat(mapped.http().url()).hasToString("http://127.0.0.1:9000/score");
        assertThat(mapped.httpEndpoints()).containsOnlyKeys("my-judge");
        assertThat(mapped.httpEndpoints().values())
                .extracting(endpoint -> endpoint.call().timeout())
                .containsExactly(Duration.ofSeconds(5));
        assertThat(mapped.kserve().target()).isEqualTo("dns:///models:8001");
        assertThat(mapped.kserve().image().mean()).containsExactly(0.5f, 0.25f, 0.125f);
        assertThat(mapped.kserveEndpoints().values())
                .extracting(endpoint -> endpoint.image().datatype())
                .containsExactly(ImageType.FP32);
    }

    @ParameterizedTest
    @CsvSource({
        "workers, 0",
        "batch.max-size, 0",
        "batch.max-delay, -1ms",
        "admission.queue-capacity, 0",
        "admission.max-in-flight-per-call, 0",
        "admission.max-items-per-call, 0",
        "admission.max-call-duration, 0s",
        "admission.retry-delay, -1s",
        "limits.max-image-bytes, 0B",
        "limits.max-image-side, 100000",
        "limits.max-prompt-length, 0",
        "limits.max-metadata-bytes, 0B",
        "geneval.short-side, 0",
        "geneval.long-side, 700",
        "geneval.mean, '1,2'",
        "geneval.std, '1,0,1'",
        "geneval.threads, 0",
        "ocr.pp-ocr.long-side, 31",
        "ocr.pp-ocr.threads, 0",
        "ocr.padding, -1",
        "ocr.enlarge, 0",
        "ocr.page-segmentation-mode, 14"
    })
    void refusesWhatCannotWorkByName(String key, String value) {
        assertThatThrownBy(() -> bind(Map.of("flowguard.reward." + key, value)))
                .rootCause()
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward." + key);
    }

    /** The settings of a service that is given these properties. */
    static RewardProperties bind(Map<String, String> settings) {
        return new Binder(new MapConfigurationPropertySource(settings))
                .bindOrCreate("flowguard.reward", RewardProperties.class);
    }
}
