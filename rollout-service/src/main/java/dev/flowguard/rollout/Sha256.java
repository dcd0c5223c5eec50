package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.apache.commons.codec.digest.DigestUtils;

/** SHA-256 as it travels: 32 bytes. */
final class Sha256 {

    private Sha256() {}

    /** Of the buffer's remaining bytes; its position stays. */
    static ByteString of(ByteBuffer bytes) {
        MessageDigest digest = digest();
        digest.update(bytes.duplicate());
        return ByteString.copyFrom(digest.digest());
    }

    static ByteString of(byte[] bytes) {
        return of(ByteBuffer.wrap(bytes));
    }

    /** An empty digest. */
    static MessageDigest digest() {
        return DigestUtils.getSha256Digest();
    }

    /** The first eight hexadecimal digits, for people. */
    static String brief(ByteString sha256) {
        StringBuilder hex = new StringBuilder();
        for (int i = 0; i < Math.min(4, sha256.size()); i++) {
            hex.append(String.format("%02x", sha256.byteAt(i)));
        }
        return hex.toString();
    }
}
