package dev.vmoe.lab.overload;

import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.image.BadImageException;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.sweep.Evaluation;
import dev.vmoe.moe.RoutingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Accuracy and time of the operating points on the very images that will be sent, without Kafka.
 */
public final class LadderEvaluation {

  private LadderEvaluation() {}

  /**
   * Runs every image at every setting.
   *
   * @param images their labels are classes of the model
   * @param batch images a batch, as in the pipeline
   * @param done told how many images are done
   * @return a row for each setting, in their order
   * @throws IOException if an image cannot be decoded or has a label that is no class
   */
  public static List<Evaluation.Row> run(
      BatchClassifier classifier,
      ImageDecoder decoder,
      List<LabelledImage> images,
      int batch,
      List<RoutingSettings> settings,
      LongConsumer done)
      throws IOException {
    Evaluation evaluation = new Evaluation(classifier, null, settings);
    int size = classifier.card().imageSize();
    ByteBuffer buffer = ByteBuffer.allocateDirect(batch * size * size * 3);
    int[] classes = new int[batch];
    for (int from = 0; from < images.size(); from += batch) {
      int to = Math.min(images.size(), from + batch);
      for (int i = from; i < to; i++) {
        LabelledImage image = images.get(i);
        classes[i - from] = image.classIn(classifier.card());
        try {
          decoder.decode(image.encoded(), buffer, i - from);
        } catch (BadImageException e) {
          throw new IOException(image.name() + ": " + e.getMessage(), e);
        }
      }
      evaluation.add(buffer, Arrays.copyOf(classes, to - from));
      done.accept(to);
    }
    return evaluation.rows();
  }

  /**
   * Returns the frontier of evaluated points for a pipeline: the time of a point between the two
   * whose rates were measured is interpolated by the time of its runs, since what the pipeline adds
   * to an image is the same at every point.
   *
   * @param rows the lowest point first, then full quality, then any others
   */
  public static AccuracyFrontier frontier(List<Evaluation.Row> rows, Rates rates) {
    Evaluation.Row lowest = rows.get(0);
    Evaluation.Row full = rows.get(1);
    double range = full.millisPerImage() - lowest.millisPerImage();
    double fastest = 1 / rates.lowest();
    double slowest = 1 / rates.full();
    List<AccuracyFrontier.Choice> others =
        rows.subList(2, range > 0 ? rows.size() : 2).stream()
            .map(
                row -> {
                  double part = (row.millisPerImage() - lowest.millisPerImage()) / range;
                  return part > 0 && part < 1
                      ? choice(row, fastest + part * (slowest - fastest))
                      : choice(row, slowest);
                })
            .toList();
    return new AccuracyFrontier(choice(lowest, fastest), choice(full, slowest), others);
  }

  private static AccuracyFrontier.Choice choice(Evaluation.Row row, double secondsPerImage) {
    return new AccuracyFrontier.Choice(
        new OperatingPoint(row.capacityRatio(), row.expertsPerToken()),
        secondsPerImage,
        row.accuracy());
  }
}
