package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;

/** SHA-256 as it travels: 32 bytes. */
final class Sha256 {

    private Sha256() {}

    /** Of the buffer's remaining bytes; its position stays. */
    static ByteString of(ByteBuffer bytes) {
        return ByteString.copyFrom(new DigestUtils(MessageDigestAlgorithms.SHA_256).digest(bytes.duplicate()));
    }

    static ByteString of(byte[] bytes) {
        return ByteString.copyFrom(DigestUtils.sha256(bytes));
    }

    /** The first eight hexadecimal digits, for people. */
    static String brief(ByteString sha256) {
        return HexFormat.of()
                .formatHex(sha256.substring(0, Math.min(4, sha256.size())).toByteArray());
    }
}
