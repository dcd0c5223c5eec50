package dev.flowguard.learner.recipe;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a recipe's file says by now about where its rewards are scored. The file may be edited while its run goes; everything
 * else in it counts at the next start only. Used by the loop's thread.
 */
public final class RewardWatch {
    private static final Logger log = LoggerFactory.getLogger(RewardWatch.class);

    private final Path file;
    private final Overrides overrides;
    private String text;
    private Map<String, RewardAddress> written;

    /**
     * Reads the file for the first time.
     *
     * @param overrides of the run; its targets are left out, for they are not in the file
     * @throws InputException if the file describes no run
     */
    public RewardWatch(Path file, Overrides overrides) {
        this.file = file;
        this.overrides = overrides.withoutRewardTargets();
        this.text = text();
        this.written = parse();
    }

    /** By reward, what is written now; a file that cannot be read, or describes no run, counts for nothing. */
    public Map<String, RewardAddress> read() {
        try {
            String now = text();
            if (!now.equals(text)) {
                text = now;
                written = parse();
                log.info("{} has changed", file);
            }
        } catch (InputException e) {
            log.error("{}; the run goes on with what it said before", e.getMessage());
        }
        return written;
    }

    private String text() {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read (" + e + ")", e);
        }
    }

    private Map<String, RewardAddress> parse() {
        Map<String, RewardAddress> addresses = new LinkedHashMap<>();
        RecipeLoader.load(file, overrides).rewards().forEach(reward -> addresses.put(reward.name(), reward.address()));
        return addresses;
    }
}
