package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.ScoreRequest;

/**
 * An item that every scorer should be able to score.
 *
 * @param image another one in each item
 * @param prompt the prompt, also where the scorer does not ask for it
 * @param request what is sent; its item_id and group are set when it is
 */
record GoldenItem(GoldenImage image, String prompt, ScoreRequest request) {}
