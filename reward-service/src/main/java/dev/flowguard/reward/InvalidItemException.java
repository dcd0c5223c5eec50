package dev.flowguard.reward;

/** An item is bad in itself; the message tells the caller why, in one line. */
final class InvalidItemException extends Exception {

    InvalidItemException(String message) {
        super(message);
    }
}
