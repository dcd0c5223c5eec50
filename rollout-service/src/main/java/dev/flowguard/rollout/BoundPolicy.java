package dev.flowguard.rollout;

import com.google.protobuf.ByteString;

/**
 * The policy that the model holds now.
 *
 * @param version its version
 * @param sha256 SHA-256 (32 bytes) of the payload that it was bound from
 */
record BoundPolicy(long version, ByteString sha256) {}
