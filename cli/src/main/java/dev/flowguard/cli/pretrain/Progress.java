package dev.flowguard.cli.pretrain;

/** Hears how far the training is. */
interface Progress {

    void autoencoder(int step, int of, double loss);

    void encoded(int signs, int of);

    void flow(FlowTraining.Stage stage, int step, double loss);

    void spelling(int step, SpellingTest.Result result);
}
