package dev.flowguard.models;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The text chunks of a PNG: {@code tEXt} where Latin-1 suffices, otherwise {@code iTXt}, which is UTF-8. As in Pillow. */
final class PngTexts {

    private static final String FORMAT = "javax_imageio_png_1.0";
    private static final String LATIN_1 = "tEXt";
    private static final String UTF_8 = "iTXt";

    private PngTexts() {}

    static void add(IIOMetadata metadata, Map<String, String> texts) throws IIOInvalidTreeException {
        if (texts.isEmpty()) {
            return;
        }
        IIOMetadataNode latin1 = new IIOMetadataNode(LATIN_1);
        IIOMetadataNode utf8 = new IIOMetadataNode(UTF_8);
        texts.forEach((keyword, text) -> {
            boolean narrow = StandardCharsets.ISO_8859_1.newEncoder().canEncode(text);
            IIOMetadataNode entry = new IIOMetadataNode(narrow ? "tEXtEntry" : "iTXtEntry");
            entry.setAttribute("keyword", keyword);
            if (narrow) {
                entry.setAttribute("value", text);
                latin1.appendChild(entry);
            } else {
                entry.setAttribute("compressionFlag", "FALSE");
                entry.setAttribute("compressionMethod", "0");
                entry.setAttribute("languageTag", "");
                entry.setAttribute("translatedKeyword", "");
                entry.setAttribute("text", text);
                utf8.appendChild(entry);
            }
        });
        IIOMetadataNode root = new IIOMetadataNode(FORMAT);
        for (IIOMetadataNode chunks : new IIOMetadataNode[] {latin1, utf8}) {
            if (chunks.hasChildNodes()) {
                root.appendChild(chunks);
            }
        }
        metadata.mergeTree(FORMAT, root);
    }

    static Map<String, String> of(IIOMetadata metadata) {
        Map<String, String> texts = new LinkedHashMap<>();
        NodeList groups = metadata.getAsTree(FORMAT).getChildNodes();
        for (int i = 0; i < groups.getLength(); i++) {
            Node group = groups.item(i);
            if (group.getNodeName().equals(LATIN_1) || group.getNodeName().equals(UTF_8)) {
                String value = group.getNodeName().equals(LATIN_1) ? "value" : "text";
                NodeList entries = group.getChildNodes();
                for (int j = 0; j < entries.getLength(); j++) {
                    IIOMetadataNode entry = (IIOMetadataNode) entries.item(j);
                    texts.put(entry.getAttribute("keyword"), entry.getAttribute(value));
                }
            }
        }
        return texts;
    }
}
