package dev.flowguard.reward;

import java.awt.image.BufferedImage;

/**
 * One decoded item.
 *
 * @param image the image to score, {@link BufferedImage#TYPE_3BYTE_BGR}, grey ones with three equal channels. Scorers do not write into it
 * @param prompt the prompt that the image was drawn from, whole; empty where the scorer does not ask for prompts
 */
public record ScoreItem(BufferedImage image, String prompt) {}
