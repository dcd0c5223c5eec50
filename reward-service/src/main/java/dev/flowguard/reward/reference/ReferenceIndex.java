package dev.flowguard.reward.reference;

import dev.flowguard.reward.LumaPlane;
import dev.flowguard.reward.RewardConfigurationException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.apache.commons.codec.digest.DigestUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of JSON objects, one a line, each naming one reference image:
 *
 * <pre>
 *   {"prompt": "a sign saying \"HELP\"", "image": "signs.png", "x": 64, "y": 0, "width": 64, "height": 32, "shift": 1}
 * </pre>
 *
 * {@code image} is a PNG relative to the index; {@code x}, {@code y}, {@code width}, {@code height} cut a part out of it, all
 * of them or none; {@code shift} says how many pixels what it shows may be moved, 0 unless stated. A prompt that comes
 * several times has several references. Immutable.
 */
final class ReferenceIndex {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Set<String> KEYS = Set.of("prompt", "image", "x", "y", "width", "height", "shift");
    private static final long MAX_INDEX_BYTES = 64L << 20;
    private static final long MAX_IMAGE_BYTES = 64L << 20;
    private static final int MAX_SIDE = 16_384;
    private static final long MAX_PIXELS = 1L << 28;
    private static final int MAX_SHIFT = 16;

    private final Path file;
    private final MessageDigest digest = DigestUtils.getSha256Digest();
    private final Map<Path, BufferedImage> images = new HashMap<>();
    private final Map<String, List<Reference>> references = new LinkedHashMap<>();
    private long pixels;

    private ReferenceIndex(Path file) {
        this.file = file;
    }

    /**
     * What an index holds.
     *
     * @param references by prompt, none empty
     * @param sha256 in hexadecimal digits, of the index and of its images in the order in which they are named
     */
    record Content(Map<String, List<Reference>> references, String sha256) {
        Content {
            references = Map.copyOf(references);
        }
    }

    /**
     * Reads the index and its images.
     *
     * @throws RewardConfigurationException if one of them is not as it must be
     */
    static Content read(Path file) {
        ReferenceIndex index = new ReferenceIndex(file);
        String text = new String(index.bytes(file, MAX_INDEX_BYTES), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                index.add(lines.get(i), i + 1);
            }
        }
        if (index.references.isEmpty()) {
            throw new RewardConfigurationException(
                    file + ": names no reference; write one a line, as {\"prompt\": \"...\", \"image\": \"x.png\"}");
        }
        return new Content(index.references, HexFormat.of().formatHex(index.digest.digest()));
    }

    private void add(String line, int number) {
        JsonNode entry;
        try {
            entry = JSON.readTree(line);
        } catch (JacksonException e) {
            throw problem(number, "not JSON: " + e.getOriginalMessage());
        }
        for (String key : entry.propertyNames()) {
            require(
                    KEYS.contains(key),
                    number,
                    "'" + key + "' is no key here; known are "
                            + KEYS.stream().sorted().toList());
        }
        require(
                entry.path("prompt").isString() && entry.path("image").isString(),
                number,
                "needs a prompt and an image, as {\"prompt\": \"...\", \"image\": \"x.png\"}");
        BufferedImage image = image(entry.path("image").stringValue(), number);
        boolean part = entry.has("x") || entry.has("y") || entry.has("width") || entry.has("height");
        int left = part ? whole(entry, "x", number) : 0;
        int top = part ? whole(entry, "y", number) : 0;
        int width = part ? whole(entry, "width", number) : image.getWidth();
        int height = part ? whole(entry, "height", number) : image.getHeight();
        require(
                width >= 1
                        && height >= 1
                        && (long) left + width <= image.getWidth()
                        && (long) top + height <= image.getHeight(),
                number,
                "the part is not inside its image of " + image.getWidth() + " x " + image.getHeight() + " pixels");
        int shift = entry.has("shift") ? whole(entry, "shift", number) : 0;
        require(shift <= MAX_SHIFT, number, "shift must be 0 to " + MAX_SHIFT);
        pixels += (long) width * height;
        require(pixels <= MAX_PIXELS, number, "more than 2^28 pixels of references; leave some out");
        LumaPlane plane = LumaPlane.of(image, left, top, width, height);
        require(!flat(plane), number, "the reference is one flat grey, which nothing can be compared with");
        references
                .computeIfAbsent(entry.path("prompt").stringValue(), prompt -> new ArrayList<>())
                .add(new Reference(plane, shift));
    }

    private static boolean flat(LumaPlane plane) {
        int first = plane.at(0, 0);
        for (int y = 0; y < plane.height(); y++) {
            for (int x = 0; x < plane.width(); x++) {
                if (plane.at(x, y) != first) {
                    return false;
                }
            }
        }
        return true;
    }

    private int whole(JsonNode entry, String key, int number) {
        JsonNode value = entry.path(key);
        require(
                value.isInt() && value.intValue() >= 0,
                number,
                key + " must be a whole number from 0 (x, y, width and height come together)");
        return value.intValue();
    }

    private BufferedImage image(String name, int number) {
        Path path = file.resolveSibling(name).normalize();
        BufferedImage known = images.get(path);
        if (known == null) {
            known = decode(path, number);
            images.put(path, known);
        }
        return known;
    }

    private BufferedImage decode(Path path, int number) {
        byte[] png = bytes(path, MAX_IMAGE_BYTES);
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(png))) {
            reader.setInput(in, true, true);
            require(
                    reader.getWidth(0) <= MAX_SIDE
                            && reader.getHeight(0) <= MAX_SIDE
                            && (long) reader.getWidth(0) * reader.getHeight(0) <= MAX_PIXELS,
                    number,
                    path + " is larger than 16384 pixels a side or 2^28 in all");
            BufferedImage image = reader.read(0);
            int bands = image.getRaster().getNumBands();
            require(
                    (bands == 1 || bands == 3)
                            && image.getSampleModel().getSampleSize(0) == 8
                            && !(image.getColorModel() instanceof IndexColorModel),
                    number,
                    path + " is not grey or RGB of 8 bits without alpha; save it so");
            return image;
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
            if (e instanceof RewardConfigurationException known) {
                throw known;
            }
            throw problem(number, path + " is no PNG that can be read (" + e.getMessage() + ")");
        } finally {
            reader.dispose();
        }
    }

    private byte[] bytes(Path path, long limit) {
        try {
            if (Files.size(path) > limit) {
                throw new RewardConfigurationException(path + ": larger than " + (limit >> 20) + " MiB");
            }
            byte[] bytes = Files.readAllBytes(path);
            digest.update(bytes);
            return bytes;
        } catch (IOException e) {
            throw new RewardConfigurationException(path + ": cannot be read (" + e + "); check the path");
        }
    }

    private void require(boolean holds, int number, String otherwise) {
        if (!holds) {
            throw problem(number, otherwise);
        }
    }

    private RewardConfigurationException problem(int number, String what) {
        return new RewardConfigurationException(file + ":" + number + ": " + what);
    }
}
