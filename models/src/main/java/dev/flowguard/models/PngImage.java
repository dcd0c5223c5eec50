package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;

/** Between images as tensors [3, H, W] in [0, 1] and PNG files of eight bits a channel. */
public final class PngImage {

    private static final int MAX_SIDE = 16_384;
    private static final long MAX_PIXELS = 1L << 26;

    private PngImage() {}

    /**
     * The PNG file of an image: round(255·clamp(x, 0, 1)), halves to even as numpy does.
     *
     * @param image [3, H, W]
     */
    public static byte[] encode(Tensor image) {
        return encode(image, Map.of());
    }

    /**
     * The same with texts in the file, as image viewers and Pillow's {@code Image.text} show them.
     *
     * @param image [3, H, W]
     * @param texts by keyword of at most 79 Latin-1 characters
     */
    public static byte[] encode(Tensor image, Map<String, String> texts) {
        if (image.rank() != 3 || image.size(0) != 3) {
            throw new IllegalArgumentException(
                    "an image is [3, H, W], not " + java.util.Arrays.toString(image.shape()));
        }
        int height = Math.toIntExact(image.size(1));
        int width = Math.toIntExact(image.size(2));
        float[] values = image.toFloats();
        int plane = height * width;
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < plane; i++) {
            int rgb = level(values[i]) << 16 | level(values[plane + i]) << 8 | level(values[2 * plane + i]);
            picture.setRGB(i % width, i / width, rgb);
        }
        return encode(picture, texts);
    }

    private static byte[] encode(BufferedImage picture, Map<String, String> texts) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(picture), null);
            PngTexts.add(metadata, texts);
            writer.setOutput(out);
            writer.write(new IIOImage(picture, null, metadata));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /**
     * The texts of a PNG file by keyword.
     *
     * @throws InputException if it is no PNG
     */
    public static Map<String, String> texts(byte[] png) {
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(png))) {
            reader.setInput(in);
            return PngTexts.of(reader.getImageMetadata(0));
        } catch (IOException | IndexOutOfBoundsException e) {
            throw new InputException("these bytes are not a readable PNG: " + e.getMessage(), e);
        } finally {
            reader.dispose();
        }
    }

    /**
     * The image of a PNG file, [3, H, W] in the current scope; grey is repeated, transparency dropped.
     *
     * @throws InputException if it is no PNG, or too large to be meant
     */
    public static Tensor decode(Device device, byte[] png) {
        BufferedImage picture = read(png);
        int height = picture.getHeight();
        int width = picture.getWidth();
        int plane = height * width;
        float[] values = new float[3 * plane];
        // A grey image's getRGB would apply a gamma curve: take the samples as they are.
        Raster raster = picture.getRaster();
        boolean grey = raster.getNumBands() <= 2
                && picture.getType() != BufferedImage.TYPE_BYTE_INDEXED
                && picture.getType() != BufferedImage.TYPE_BYTE_BINARY;
        double top = grey ? (1 << raster.getSampleModel().getSampleSize(0)) - 1 : 255;
        for (int i = 0; i < plane; i++) {
            int x = i % width;
            int y = i / width;
            int rgb = grey ? 0 : picture.getRGB(x, y);
            for (int channel = 0; channel < 3; channel++) {
                int sample = grey ? raster.getSample(x, y, 0) : rgb >> (16 - 8 * channel) & 0xFF;
                values[channel * plane + i] = (float) (sample / top);
            }
        }
        return Tensor.of(device, values, 3, height, width);
    }

    private static int level(float value) {
        return (int) Math.rint(255 * Math.min(1f, Math.max(0f, value)));
    }

    private static BufferedImage read(byte[] png) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("png");
        ImageReader reader = readers.next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(png))) {
            reader.setInput(in);
            int height = reader.getHeight(0);
            int width = reader.getWidth(0);
            // A few bytes may announce gigapixels: look before anything is allocated.
            if (height > MAX_SIDE || width > MAX_SIDE || (long) height * width > MAX_PIXELS) {
                throw new InputException("a PNG of " + width + " x " + height + " pixels is too large: at most "
                        + MAX_SIDE + " a side and " + MAX_PIXELS + " in all");
            }
            return reader.read(0);
        } catch (IOException | RuntimeException e) {
            if (e instanceof InputException known) {
                throw known;
            }
            throw new InputException("these bytes are not a readable PNG: " + e.getMessage(), e);
        } finally {
            reader.dispose();
        }
    }
}
