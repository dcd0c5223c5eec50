package dev.flowguard.reward.ppocr;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.onnx.ChannelOrder;
import dev.flowguard.reward.onnx.ImageTensor;
import dev.flowguard.reward.onnx.OnnxException;
import dev.flowguard.reward.onnx.OnnxModel;
import dev.flowguard.reward.onnx.OnnxOutput;
import dev.flowguard.reward.onnx.OnnxResult;
import dev.flowguard.reward.onnx.PixelScale;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * PP-OCR as PaddleOCR 2.9 runs it, without its angle classifier: {@link TextMap} finds the lines, each is laid straight, read, and kept if its
 * confidence is at least a half. Thread-safe; the caller closes it.
 *
 * <p>Both networks take an fp32 image [1, 3, H, W] in RGB, since Flow-GRPO hands PaddleOCR its images so. The detection network gives one map
 * [1, 1, H, W] of probabilities; the recognition network takes a height of 48, or its own, and gives [1, steps, classes] of probabilities.
 */
public final class PpOcr implements AutoCloseable {

    /** The statistics of ImageNet, in samples from 0 to 255. */
    private static final PixelScale DETECTION_SCALE = new PixelScale(
            List.of(.485f * 255, .456f * 255, .406f * 255),
            List.of(.229f * 255, .224f * 255, .225f * 255),
            ChannelOrder.RGB);
    /** From -1 to 1. */
    private static final PixelScale RECOGNITION_SCALE =
            new PixelScale(List.of(127.5f, 127.5f, 127.5f), List.of(127.5f, 127.5f, 127.5f), ChannelOrder.RGB);
    /** The detection network halves the image five times. */
    private static final int MULTIPLE = 32;
    /** {@code rec_image_shape}: of 48 rows, and 320 columns at least. */
    private static final int LINE_HEIGHT = 48;

    private static final int LEAST_LINE_WIDTH = 320;
    /** {@code rec_batch_num}. */
    private static final int LINES_TOGETHER = 6;
    /** Where RapidOCR keeps the dictionary in the recognition network's file. */
    private static final String CHARACTERS = "character";
    /** {@code drop_score}. */
    private static final double LEAST_CONFIDENCE = .5;

    private final OnnxModel detection;
    private final OnnxModel recognition;
    private final CtcDecoder decoder;
    private final int longSide;
    private final byte[] sha256;

    private PpOcr(OnnxModel detection, OnnxModel recognition, CtcDecoder decoder, int longSide, byte[] sha256) {
        this.detection = detection;
        this.recognition = recognition;
        this.decoder = decoder;
        this.longSide = longSide;
        this.sha256 = sha256;
    }

    /**
     * Loads the networks and tries them on a blank image.
     *
     * @throws RewardConfigurationException if one of the files is missing, or they do not belong together
     */
    public static PpOcr open(PpOcrProperties properties) {
        Path detection = properties.detection();
        Path recognition = properties.recognition();
        if (detection == null || recognition == null) {
            throw new RewardConfigurationException(
                    "PP-OCR needs its networks: flowguard.reward.ocr.pp-ocr.detection=ONNX and .recognition=ONNX, and"
                            + " .dictionary=TXT where the latter does not carry its characters");
        }
        OnnxModel finder = OnnxModel.open(detection, properties.threads(), Set.of());
        try {
            OnnxModel reader = OnnxModel.open(recognition, properties.threads(), Set.of());
            try {
                CtcDecoder decoder = decoder(properties.dictionary(), recognition, reader);
                PpOcr ocr = new PpOcr(
                        finder,
                        reader,
                        decoder,
                        properties.longSide(),
                        sha256(finder.sha256(), reader.sha256(), decoder.text()));
                ocr.tryOut();
                return ocr;
            } catch (RuntimeException e) {
                reader.close();
                throw e;
            }
        } catch (OnnxException e) {
            finder.close();
            throw new RewardConfigurationException("PP-OCR does not work with these files: " + e.getMessage());
        } catch (RuntimeException e) {
            finder.close();
            throw e;
        }
    }

    private static CtcDecoder decoder(@Nullable Path dictionary, Path recognition, OnnxModel reader) {
        if (dictionary != null) {
            return CtcDecoder.read(dictionary);
        }
        String characters = reader.metadata(CHARACTERS)
                .orElseThrow(() -> new RewardConfigurationException(
                        "%s: carries no characters (metadata '%s'); name the file that lists them as flowguard.reward.ocr.pp-ocr.dictionary=TXT"
                                .formatted(recognition, CHARACTERS)));
        return CtcDecoder.of(recognition + ", metadata '" + CHARACTERS + "'", characters);
    }

    private void tryOut() {
        BufferedImage blank = new BufferedImage(LEAST_LINE_WIDTH, LINE_HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
        find(blank);
        recognise(List.of(blank));
    }

    /** SHA-256 over the digests of the networks and the characters. */
    public byte[] sha256() {
        return sha256.clone();
    }

    /**
     * The text in an image, its lines in reading order, joined without separators as Flow-GRPO joins them. Empty if there is none.
     *
     * @throws OnnxException if a network fails
     */
    public String read(BufferedImage image) {
        List<BufferedImage> lines = ReadingOrder.of(find(image)).stream()
                .map(line -> LineImage.of(image, line))
                .toList();
        return recognise(lines).stream()
                .filter(text -> text.confidence() >= LEAST_CONFIDENCE)
                .map(CtcDecoder.Text::text)
                .collect(Collectors.joining());
    }

    private List<Quad> find(BufferedImage image) {
        double factor = Math.min(1, (double) longSide / Math.max(image.getWidth(), image.getHeight()));
        int width = detection.fixedWidth().orElse(multiple(image.getWidth() * factor));
        int height = detection.fixedHeight().orElse(multiple(image.getHeight() * factor));
        try (OnnxResult result = detection.run(ImageTensor.of(image, width, height, DETECTION_SCALE))) {
            OnnxOutput map = result.first();
            if (map.rank() != 4 || map.count() != (long) width * height) {
                throw new OnnxException(
                        "the detection network gave %s for an image of %d x %d; it must give [1, 1, %d, %d]"
                                .formatted(map.shape(), width, height, height, width));
            }
            OnnxOutput.Numbers numbers = map.numbers();
            float[] probabilities = new float[width * height];
            for (int i = 0; i < probabilities.length; i++) {
                probabilities[i] = numbers.at(i);
            }
            return new TextMap(width, height, probabilities).lines(image.getWidth(), image.getHeight());
        }
    }

    private static int multiple(double side) {
        return (int) Math.max(MULTIPLE, Math.rint((int) side / (double) MULTIPLE) * MULTIPLE);
    }

    /**
     * What each line says, in their order. How far a line is padded changes what is read, spaces above all, and PaddleOCR pads it to the widest of
     * those that it reads together: of six at a time, the narrowest first. So does this, though it reads them one by one.
     */
    private List<CtcDecoder.Text> recognise(List<BufferedImage> lines) {
        List<Integer> narrowestFirst = IntStream.range(0, lines.size())
                .boxed()
                .sorted(Comparator.comparingDouble(line -> ratio(lines.get(line))))
                .toList();
        CtcDecoder.Text[] texts = new CtcDecoder.Text[lines.size()];
        for (int start = 0; start < texts.length; start += LINES_TOGETHER) {
            List<Integer> together = narrowestFirst.subList(start, Math.min(start + LINES_TOGETHER, texts.length));
            double widest = ratio(lines.get(together.get(together.size() - 1)));
            for (int line : together) {
                texts[line] = recognise(lines.get(line), widest);
            }
        }
        return List.of(texts);
    }

    private static double ratio(BufferedImage line) {
        return (double) line.getWidth() / line.getHeight();
    }

    /** @param widest ratio of width to height to which the line is padded */
    private CtcDecoder.Text recognise(BufferedImage line, double widest) {
        int height = recognition.fixedHeight().orElse(LINE_HEIGHT);
        int width = recognition.fixedWidth().orElse((int)
                (height * Math.max((double) LEAST_LINE_WIDTH / LINE_HEIGHT, widest)));
        int written = Math.max(1, Math.min(width, (int) Math.ceil(height * ratio(line))));
        ImageTensor tensor =
                ImageTensor.of(line, written, height, RECOGNITION_SCALE).paddedTo(width);
        try (OnnxResult result = recognition.run(tensor)) {
            OnnxOutput output = result.first();
            if (output.rank() != 3 || output.size(0) != 1 || !decoder.fits(output.size(2))) {
                throw new OnnxException(
                        "the recognition network gave %s; with this dictionary it must give [1, steps, %d], or one class less without the space"
                                .formatted(output.shape(), decoder.classes()));
            }
            OnnxOutput.Numbers numbers = output.numbers();
            float[][] probabilities = new float[output.size(1)][output.size(2)];
            for (int step = 0; step < probabilities.length; step++) {
                for (int i = 0; i < probabilities[step].length; i++) {
                    probabilities[step][i] = numbers.at(step * probabilities[step].length + i);
                }
            }
            return decoder.decode(probabilities);
        }
    }

    private static byte[] sha256(String... parts) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        for (String part : parts) {
            digest.update(part.getBytes(StandardCharsets.UTF_8));
        }
        return digest.digest();
    }

    @Override
    public void close() {
        detection.close();
        recognition.close();
    }
}
