package dev.flowguard.learner.prompts;

import com.google.protobuf.Struct;
import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** How a line says what to draw. */
enum PromptFormat {
    /** {@code .txt}: a line is a prompt, quotes and all, as in flow_grpo's {@code train.txt}. */
    TEXT {
        @Override
        Prompt parse(String line) throws BadLineException {
            return Prompt.of(checked(line));
        }
    },
    /**
     * {@code .jsonl}: a line is an object whose {@code prompt} is the prompt and whose other keys are its metadata, as in
     * flow_grpo's {@code train_metadata.jsonl} for GenEval.
     */
    JSON_LINES {
        @Override
        Prompt parse(String line) throws BadLineException {
            JsonNode node;
            try {
                node = JSON.readTree(line);
            } catch (JacksonException e) {
                String why = e.getOriginalMessage().lines().findFirst().orElse("");
                throw new BadLineException("it is not JSON (" + why + ")", e);
            }
            if (!(node instanceof ObjectNode object) || !object.path(PROMPT).isString()) {
                throw new BadLineException("it is no object with a string 'prompt'");
            }
            String prompt = checked(object.path(PROMPT).stringValue().strip());
            if (prompt.isEmpty()) {
                throw new BadLineException("its 'prompt' is empty");
            }
            object.remove(PROMPT);
            Struct metadata = Metadata.struct(object);
            if (metadata.getSerializedSize() > LARGEST_METADATA) {
                throw new BadLineException("its keys beside 'prompt' take " + metadata.getSerializedSize()
                        + " bytes, more than " + LARGEST_METADATA);
            }
            return new Prompt(prompt, metadata);
        }
    };

    private static final String PROMPT = "prompt";
    private static final int LONGEST = 4096;

    /** A lease carries the metadata of every member: hundreds of them must fit in a message. */
    private static final int LARGEST_METADATA = 16 << 10;

    private static final int DEEPEST = 32;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /**
     * The prompt of a line.
     *
     * @param line stripped, not empty
     */
    abstract Prompt parse(String line) throws BadLineException;

    /** The format that a file's name promises. */
    static PromptFormat of(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".txt")) {
            return TEXT;
        }
        if (name.endsWith(".jsonl")) {
            return JSON_LINES;
        }
        throw new InputException(
                file + ": prompts are read from .txt (one a line) and .jsonl (an object with 'prompt' a line;"
                        + " other keys are metadata); rename or convert the file");
    }

    private static String checked(String prompt) throws BadLineException {
        if (prompt.length() > LONGEST || prompt.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t')) {
            throw new BadLineException("it has control characters or more than " + LONGEST + " characters");
        }
        return prompt;
    }
}
