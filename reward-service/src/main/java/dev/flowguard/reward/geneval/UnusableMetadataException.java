package dev.flowguard.reward.geneval;

/** The metadata of a prompt asks for nothing that can be looked for. The message is one line for a person. */
final class UnusableMetadataException extends Exception {

    UnusableMetadataException(String message) {
        super(message);
    }
}
