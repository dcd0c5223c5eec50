package dev.flowguard.reward;

import dev.flowguard.reward.artefact.ArtefactScorer;
import dev.flowguard.reward.clip.AestheticScorer;
import dev.flowguard.reward.clip.SimilarityScorer;
import dev.flowguard.reward.geneval.GenEvalScorer;
import dev.flowguard.reward.imagereward.ImageRewardScorer;
import dev.flowguard.reward.jpeg.JpegSizeScorer;
import dev.flowguard.reward.ocr.OcrScorer;
import dev.flowguard.reward.reference.ReferenceSimilarityScorer;
import java.util.function.Function;
import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.core.env.Environment;

/**
 * The scorers that compute by themselves: lazy beans whose names are their ids, so that only a scorer that is asked for loads what it
 * needs. Another one is another line.
 */
final class BuiltInScorers implements BeanRegistrar {

    @Override
    public void register(BeanRegistry beans, Environment environment) {
        scorer(beans, OcrScorer.ID, settings -> new OcrScorer(settings.ocr()));
        scorer(beans, JpegSizeScorer.COMPRESSIBILITY, settings -> JpegSizeScorer.compressibility());
        scorer(beans, JpegSizeScorer.INCOMPRESSIBILITY, settings -> JpegSizeScorer.incompressibility());
        scorer(
                beans,
                ReferenceSimilarityScorer.ID,
                settings -> ReferenceSimilarityScorer.open(settings.referenceSimilarity()));
        scorer(beans, ArtefactScorer.ID, settings -> new ArtefactScorer());
        scorer(beans, SimilarityScorer.PICKSCORE, settings -> SimilarityScorer.pickscore(settings.pickscore()));
        scorer(beans, SimilarityScorer.CLIPSCORE, settings -> SimilarityScorer.clipscore(settings.clipscore()));
        scorer(beans, SimilarityScorer.HPSV2, settings -> SimilarityScorer.hpsv2(settings.hpsv2()));
        scorer(beans, AestheticScorer.ID, settings -> AestheticScorer.open(settings.aesthetic()));
        scorer(beans, ImageRewardScorer.ID, settings -> ImageRewardScorer.open(settings.imageReward()));
        scorer(beans, GenEvalScorer.ID, settings -> GenEvalScorer.open(settings.geneval()));
    }

    private static void scorer(BeanRegistry beans, String id, Function<RewardProperties, Scorer> open) {
        beans.registerBean(id, Scorer.class, bean -> bean.lazyInit()
                .supplier(context -> open.apply(context.bean(RewardProperties.class))));
    }
}
