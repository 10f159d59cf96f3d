package dev.vmoe.lab.bench;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.ClassScore;
import dev.vmoe.event.Clip;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.PointRunner;
import dev.vmoe.streams.clips.ClipFrame;
import dev.vmoe.streams.clips.ClipWindows;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the label of a clip is worth over that of its frames. Each image of a set becomes a clip of
 * {@linkplain MovingImage moving} frames, as of a camera of its own. The frames of a batch's
 * cameras are classified together, in the order of time, and summed as a pipeline sums them.
 */
public final class ClipStudy {

  private static final String ALL = "all";

  /**
   * The design of the study.
   *
   * @param frames frames of a clip, at least 2
   * @param top classes of a prediction (predictions.top)
   * @param noise deviation of each number of a frame, of 255
   * @param seed of movements and the bootstrap
   */
  public record ClipDesign(int frames, int top, double noise, long seed) {}

  /**
   * One line of the result.
   *
   * @param split part of the set, or all
   * @param images images, each of one clip
   * @param plain accuracy on the images themselves
   * @param frame accuracy on single frames
   * @param clip accuracy of the labels of clips
   * @param difference clip less frame, paired by image
   * @param low lower end of the difference's 95 % interval, bootstrap over images
   * @param high upper end of that interval
   */
  public record ClipRow(
      String split,
      int images,
      double plain,
      double frame,
      double clip,
      double difference,
      double low,
      double high) {}

  /** Is shown each frame. */
  @FunctionalInterface
  public interface FrameObserver {

    /**
     * Looks at a frame.
     *
     * @param image number of its image, from 0
     * @param frame number within its clip, from 0
     * @param pixels (H, W, 3) uint8
     */
    void shown(int image, int frame, byte[] pixels);
  }

  /** Of one image: right or not, or the share of its frames that is right. */
  private record ClipScore(String split, double plain, double frame, double clip) {}

  private final BatchClassifier model;
  private final ClipDesign design;
  private final FrameObserver observer;
  private final List<ClipScore> scores = new ArrayList<>();

  /** Creates a study of a model. */
  public ClipStudy(BatchClassifier model, ClipDesign design, FrameObserver observer) {
    this.model = model;
    this.design = design;
    this.observer = observer;
  }

  /**
   * Runs one batch of images as clips.
   *
   * @param images (B, H, W, 3) uint8
   * @param classes (B) true class of each image
   * @param splits (B) part of the set
   */
  public void add(ByteBuffer images, int[] classes, List<String> splits) {
    int side = model.card().imageSize();
    int bytes = 3 * side * side;
    float[][] plain = classify(images, classes.length);
    List<MovingImage> moving = new ArrayList<>();
    for (int i = 0; i < classes.length; i++) {
      byte[] pixels = new byte[bytes];
      images.get(i * bytes, pixels);
      long seed = design.seed() * 1_000_003 + scores.size() + i;
      moving.add(new MovingImage(pixels, side, design.frames(), design.noise(), seed));
    }
    ClipWindows windows = new ClipWindows(design.frames()); // a frame a millisecond
    @Nullable Clip[] states = new Clip[classes.length];
    int[] right = new int[classes.length];
    ByteBuffer batch = ByteBuffer.allocateDirect(classes.length * bytes);
    for (int f = 0; f < design.frames(); f++) {
      for (int i = 0; i < classes.length; i++) {
        byte[] frame = moving.get(i).frame(f);
        batch.put(i * bytes, frame);
        observer.shown(scores.size() + i, f, frame);
      }
      float[][] logits = classify(batch, classes.length);
      for (int i = 0; i < classes.length; i++) {
        right[i] += PointRunner.argMax(logits[i]) == classes[i] ? 1 : 0;
        states[i] = windows.add(states[i], frame(f, logits[i])).state();
      }
    }
    for (int i = 0; i < classes.length; i++) {
      Clip clip = windows.close(Objects.requireNonNull(states[i])).clip();
      scores.add(
          new ClipScore(
              splits.get(i),
              PointRunner.argMax(plain[i]) == classes[i] ? 1 : 0,
              (double) right[i] / design.frames(),
              clip != null && clip.getClassIndex() == classes[i] ? 1 : 0));
    }
  }

  private float[][] classify(ByteBuffer images, int count) {
    ModelCard card = model.card();
    BatchResult result =
        model.classify(
            images,
            count,
            new RoutingSettings(
                card.capacityRatio(), Math.max(1, card.expertsPerToken()), Routing.BATCH_PRIORITY));
    return result.logits();
  }

  private ClipFrame frame(int time, float[] logits) {
    return new ClipFrame(
        time,
        ScoredClass.top(model.card(), logits, design.top()).stream()
            .map(best -> new ClassScore(best.index(), best.label(), best.score()))
            .toList(),
        null,
        "",
        0,
        time);
  }

  /** Returns a row for each part of the set, and for all. */
  public List<ClipRow> rows() {
    Set<String> splits = new LinkedHashSet<>();
    scores.forEach(score -> splits.add(score.split()));
    List<ClipRow> rows = new ArrayList<>();
    if (splits.size() > 1) {
      for (String split : splits) {
        rows.add(row(split, scores.stream().filter(it -> it.split().equals(split)).toList()));
      }
    }
    rows.add(row(ALL, scores));
    return rows;
  }

  private ClipRow row(String split, List<ClipScore> some) {
    double[] clip = some.stream().mapToDouble(ClipScore::clip).toArray();
    double[] frame = some.stream().mapToDouble(ClipScore::frame).toArray();
    Interval difference = Interval.ofPairs(clip, frame, design.seed());
    return new ClipRow(
        split,
        some.size(),
        some.stream().mapToDouble(ClipScore::plain).average().orElseThrow(),
        some.stream().mapToDouble(ClipScore::frame).average().orElseThrow(),
        some.stream().mapToDouble(ClipScore::clip).average().orElseThrow(),
        difference.mean(),
        difference.low(),
        difference.high());
  }
}
