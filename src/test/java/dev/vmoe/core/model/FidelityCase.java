package dev.vmoe.core.model;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.convert.ImportedModels;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A model of random weights, and the batch it is asked about. */
record FidelityCase(
    String name, VmoeArchitecture architecture, boolean sincos, int numImages, long seed) {

  private static final int MAX_EXPERTS_PER_TOKEN = 2;

  @Override
  public String toString() {
    return name;
  }

  ParameterTree checkpoint() {
    ParameterTree random = RandomCheckpoint.of(architecture, seed);
    return sincos ? withSincosPositions(random, architecture) : random;
  }

  PlainVmoe plain(ParameterTree checkpoint) {
    return sincos ? PlainVmoe.sincos2d(checkpoint) : PlainVmoe.learned(checkpoint);
  }

  byte[] images() {
    int size = architecture.imageSize();
    byte[] images = new byte[numImages * size * size * 3];
    new Random(seed).nextBytes(images);
    return images;
  }

  /** Routings, K and ratios; one of them where nothing is routed. */
  List<PlainVmoe.Setting> settings(double... ratios) {
    List<PlainVmoe.Setting> settings = new ArrayList<>();
    for (int k = 1; k <= MAX_EXPERTS_PER_TOKEN; k++) {
      for (double ratio : ratios) {
        settings.add(new PlainVmoe.Setting(k, ratio, true));
        settings.add(new PlainVmoe.Setting(k, ratio, false));
      }
    }
    return architecture.dense() ? settings.subList(0, 1) : settings;
  }

  private static ParameterTree withSincosPositions(ParameterTree tree, VmoeArchitecture a) {
    int side = a.imageSize() / a.patchSize();
    int first = a.tokensPerImage() - a.numPatches();
    int width = a.hiddenSize();
    float[] table = new float[a.tokensPerImage() * width];
    for (int patch = 0; patch < a.numPatches(); patch++) {
      double[] place = PlainVmoe.sincos(patch / side, patch % side, width);
      for (int i = 0; i < width; i++) {
        table[(first + patch) * width + i] = (float) place[i];
      }
    }
    return ImportedModels.with(
        tree,
        "Encoder/posembed_input/pos_embedding",
        Tensor.of(table, 1, a.tokensPerImage(), width));
  }
}
