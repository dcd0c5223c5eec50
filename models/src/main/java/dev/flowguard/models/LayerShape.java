package dev.flowguard.models;

/**
 * The shape of a linear layer.
 *
 * @param in width of what goes in
 * @param out width of what comes out
 */
public record LayerShape(long in, long out) {}
