package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;

/** An image has one score, whichever of the scorer's formats it comes in. */
final class FormatsCheck implements ScorerCheck {

    @Override
    public String name() {
        return "image formats";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        if (!candidate.description().getImageFormatsList().contains(ImageFormat.IMAGE_FORMAT_RGB8)) {
            return Finding.ok(name(), "PNG files alone");
        }
        List<ScoreRequest> items = new ArrayList<>();
        for (ScoreRequest item : candidate.items(candidate.golden().size())) {
            EncodedImage file = item.getImage();
            GoldenImage image = candidate.golden().get(items.size()).image();
            items.add(item.toBuilder()
                    .setImage(image.rgb8(file.getWidth(), file.getHeight()))
                    .build());
        }
        candidate.requireUnchanged(items, candidate.score(items, deadline), "when the images come as pixels");
        return Finding.ok(name(), "pixels have the scores of PNG files");
    }
}
