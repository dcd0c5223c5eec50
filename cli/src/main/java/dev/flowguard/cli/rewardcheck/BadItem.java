package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.ScoreRequest;

/**
 * An item that no scorer may score.
 *
 * @param what is wrong with it
 * @param request what is sent; its item_id and group are set when it is
 */
record BadItem(String what, ScoreRequest request) {}
