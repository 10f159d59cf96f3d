package dev.vmoe.lab.compare;

import dev.vmoe.event.Prediction;
import dev.vmoe.lab.compare.ComparisonResult.ClassAgreement;
import dev.vmoe.lab.compare.ComparisonResult.DifferingImage;
import dev.vmoe.lab.compare.ComparisonResult.PairedAccuracy;
import dev.vmoe.lab.compare.ComparisonResult.SideFigures;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Joins the answers of two pipelines by the image that they answer, in whatever order they come.
 *
 * <p>Memory is bounded: an answer waits for the other side's, at most {@link #MAX_WAITING} of each
 * side; beyond that the oldest is given up. Of all images one bit a side remains, to find repeats,
 * and of those that differ most as many as are asked for.
 *
 * <p>Not safe for use by several threads.
 */
public final class Comparison {

  /** Maximum answers of a side that wait for the other's: about 100 MB in all. */
  public static final int MAX_WAITING = 100_000;

  /** Offsets whose bits are kept in one set. */
  private static final int RANGE = 1 << 16;

  private static final long MAX_MICROS = 3_600_000_000L;

  /** The one that differs least first; of equal ones the last position. */
  private static final Comparator<DifferingImage> BY_DIFFERENCE =
      Comparator.comparingDouble(DifferingImage::difference)
          .thenComparing(
              DifferingImage::position,
              Comparator.comparing(ImagePosition::topic)
                  .thenComparing(ImagePosition::partition)
                  .thenComparing(ImagePosition::offset)
                  .reversed());

  private final int maxWaiting;
  private final int maxImages;
  private final OneSide a = new OneSide();
  private final OneSide b = new OneSide();
  private final PriorityQueue<DifferingImage> mostDifferent = new PriorityQueue<>(BY_DIFFERENCE);

  /** Images and agreed images by the class that a answered. */
  private final Map<String, long[]> classes = new TreeMap<>();

  private long both;
  private long unpaired;
  private long repeats;
  private long agreed;
  private long labelled;
  private long right;
  private long gained;
  private long lost;

  /** Offsets of a partition whose answers are noted in one set of bits. */
  private record OffsetRange(String topic, int partition, long number) {}

  /** The answers of one pipeline. */
  private static final class OneSide {
    final Map<ImagePosition, GivenAnswer> waiting = new LinkedHashMap<>();
    final Map<OffsetRange, BitSet> answered = new HashMap<>();

    /** First and last offset that was answered, by partition (with offset 0). */
    final Map<ImagePosition, long[]> reach = new HashMap<>();

    final Map<String, Long> models = new TreeMap<>();
    final Histogram micros = new Histogram(MAX_MICROS, 3);
    double ratios;
    long only;
    long outside;

    /** Notes an answer; returns false if the image had one already. */
    boolean note(ImagePosition image) {
      BitSet bits =
          answered.computeIfAbsent(
              new OffsetRange(image.topic(), image.partition(), image.offset() / RANGE),
              range -> new BitSet());
      int bit = (int) (image.offset() % RANGE);
      if (bits.get(bit)) {
        return false;
      }
      bits.set(bit);
      long[] ends =
          reach.computeIfAbsent(partition(image), p -> new long[] {image.offset(), image.offset()});
      ends[0] = Math.min(ends[0], image.offset());
      ends[1] = Math.max(ends[1], image.offset());
      return true;
    }

    private boolean reaches(ImagePosition image) {
      long[] ends = reach.get(partition(image));
      return ends != null && ends[0] <= image.offset() && image.offset() <= ends[1];
    }

    private static ImagePosition partition(ImagePosition image) {
      return new ImagePosition(image.topic(), image.partition(), 0);
    }

    /** Counts an image that has no answer of the other side. */
    void giveUp(ImagePosition image, OneSide other) {
      if (other.reaches(image)) {
        only++;
      } else {
        outside++;
      }
    }

    void count(GivenAnswer answer) {
      models.merge(answer.model(), 1L, Long::sum);
      micros.recordValue(Math.min(Math.max(0, answer.micros()), MAX_MICROS));
      ratios += answer.effectiveCapacityRatio();
    }

    SideFigures figures(long images) {
      return new SideFigures(
          new TreeMap<>(models),
          images == 0 ? 0 : ratios / images,
          micros.getValueAtPercentile(50) / 1000.0,
          micros.getValueAtPercentile(99) / 1000.0);
    }
  }

  /**
   * Creates an empty comparison.
   *
   * @param maxImages images that differ most that it keeps
   */
  public Comparison(int maxImages) {
    this(maxImages, MAX_WAITING);
  }

  Comparison(int maxImages, int maxWaiting) {
    this.maxImages = maxImages;
    this.maxWaiting = maxWaiting;
  }

  /**
   * Takes an answer of pipeline a.
   *
   * @throws IllegalArgumentException if it names no class
   */
  public void addA(Prediction prediction) {
    add(a, b, prediction);
  }

  /**
   * Takes an answer of pipeline b.
   *
   * @throws IllegalArgumentException if it names no class
   */
  public void addB(Prediction prediction) {
    add(b, a, prediction);
  }

  private void add(OneSide side, OneSide other, Prediction prediction) {
    GivenAnswer answer = GivenAnswer.of(prediction);
    ImagePosition image =
        new ImagePosition(
            prediction.getSourceTopic().intern(),
            prediction.getSourcePartition(),
            prediction.getSourceOffset());
    if (!side.note(image)) {
      repeats++;
      return;
    }
    GivenAnswer others = other.waiting.remove(image);
    if (others == null) {
      side.waiting.put(image, answer);
      if (side.waiting.size() > maxWaiting) {
        Iterator<ImagePosition> oldest = side.waiting.keySet().iterator();
        side.giveUp(oldest.next(), other);
        oldest.remove();
        unpaired++;
      }
    } else if (side == a) {
      compare(image, answer, others);
    } else {
      compare(image, others, answer);
    }
  }

  private void compare(ImagePosition image, GivenAnswer ofA, GivenAnswer ofB) {
    both++;
    a.count(ofA);
    b.count(ofB);
    boolean same = ofA.answer().equals(ofB.answer());
    long[] counts = classes.computeIfAbsent(ofA.answer(), name -> new long[2]);
    counts[0]++;
    if (same) {
      agreed++;
      counts[1]++;
    }
    countLabel(ofA.label(), ofA.answer(), ofB.answer());
    mostDifferent.add(
        new DifferingImage(
            image, ofA.id(), ofA.label(), ofA.top(), ofB.top(), ofA.differenceFrom(ofB)));
    if (mostDifferent.size() > maxImages) {
      mostDifferent.remove();
    }
  }

  private void countLabel(@Nullable String label, String ofA, String ofB) {
    if (label == null) {
      return;
    }
    labelled++;
    boolean rightA = ofA.equals(label);
    boolean rightB = ofB.equals(label);
    right += rightA && rightB ? 1 : 0;
    gained += rightB && !rightA ? 1 : 0;
    lost += rightA && !rightB ? 1 : 0;
  }

  /** Returns the images that both have answered so far. */
  public long both() {
    return both;
  }

  /**
   * Returns 1 if a is so far ahead that it should wait for b, -1 if b is so far ahead of a; else 0.
   */
  public int lead() {
    int more = a.waiting.size() - b.waiting.size();
    return Math.abs(more) > maxWaiting / 4 ? Integer.signum(more) : 0;
  }

  /** Ends the comparison: what waits now has no answer of the other side. */
  public ComparisonResult result() {
    a.waiting.keySet().forEach(image -> a.giveUp(image, b));
    b.waiting.keySet().forEach(image -> b.giveUp(image, a));
    a.waiting.clear();
    b.waiting.clear();
    List<ClassAgreement> agreements =
        classes.entrySet().stream()
            .map(it -> new ClassAgreement(it.getKey(), it.getValue()[0], it.getValue()[1]))
            .sorted(
                Comparator.comparingLong((ClassAgreement it) -> it.images() - it.agreed())
                    .reversed()) // stable: equal ones stay in the order of their names
            .toList();
    return new ComparisonResult(
        both,
        a.only,
        b.only,
        a.outside + b.outside,
        unpaired,
        repeats,
        agreed,
        labelled == 0 ? null : PairedAccuracy.of(labelled, right, gained, lost),
        a.figures(both),
        b.figures(both),
        agreements,
        mostDifferent.stream().sorted(BY_DIFFERENCE.reversed()).toList());
  }
}
