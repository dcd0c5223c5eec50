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

    /** The PNG file of an image. */
    public static byte[] encode(RgbImage image) {
        return encode(image, Map.of());
    }

    /**
     * The PNG file of a tensor [3, H, W] in [0, 1].
     *
     * @see RgbImage#of(Tensor)
     */
    public static byte[] encode(Tensor image) {
        return encode(RgbImage.of(image));
    }

    /**
     * The same with texts in the file, as image viewers and Pillow's {@code Image.text} show them.
     *
     * @param image [3, H, W]
     * @param texts by keyword of at most 79 Latin-1 characters
     */
    public static byte[] encode(Tensor image, Map<String, String> texts) {
        return encode(RgbImage.of(image), texts);
    }

    private static byte[] encode(RgbImage image, Map<String, String> texts) {
        BufferedImage picture = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        byte[] samples = image.samples();
        for (int i = 0; i < image.width() * image.height(); i++) {
            int rgb = (samples[3 * i] & 0xFF) << 16 | (samples[3 * i + 1] & 0xFF) << 8 | (samples[3 * i + 2] & 0xFF);
            picture.setRGB(i % image.width(), i / image.width(), rgb);
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
