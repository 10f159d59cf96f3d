package dev.vmoe.lab.sizing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What one instance costs on the device where it was measured; as a file, to plan elsewhere.
 *
 * @param model name of the model
 * @param weightsHash SHA-256 of its weights
 * @param imageSize height and width of its input, in pixels
 * @param device where it ran: cpu, cuda:0
 * @param threads cores of the instance
 * @param parallelRuns batches that run at once
 * @param decodesBetweenRuns whether images are decoded between two runs, not beside them
 * @param routing bpr or vanilla
 * @param imageBytes mean bytes of an encoded image
 * @param decodeMillis time to decode an image on one core, in milliseconds
 * @param besideHeapMib resident memory beside the heap after the largest batch, broker and client
 *     of the measurement included, in MiB; 0 where nobody could tell
 * @param pipeline what was measured in a running pipeline
 * @param runs time of the model alone, {@code parallelRuns} at once, by operating point and batch
 *     size
 */
public record MeasuredCosts(
    String model,
    String weightsHash,
    int imageSize,
    String device,
    int threads,
    int parallelRuns,
    boolean decodesBetweenRuns,
    String routing,
    long imageBytes,
    double decodeMillis,
    double besideHeapMib,
    InPipeline pipeline,
    List<MeasuredRun> runs) {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /**
   * What a pipeline adds to the model's own time.
   *
   * @param batchImages images of its full batches
   * @param imagesPerSecond what it answered at the best point while it was kept busy
   * @param slowdown time of its runs over that of the model alone
   * @param noise standard deviation of the logarithm of a run's time
   * @param gapMillis what an image costs beside its run while images wait, in milliseconds
   * @param restMillis what a run takes longer where little waits, in milliseconds
   * @param transportMillis from the end of a run to the reader, the wait for the commit not
   *     counted, in milliseconds
   * @param streamsMillis processor time of the stream thread for an image, in milliseconds
   */
  public record InPipeline(
      int batchImages,
      double imagesPerSecond,
      double slowdown,
      double noise,
      double gapMillis,
      double restMillis,
      double transportMillis,
      double streamsMillis) {

    /** Rejects what no pipeline can have shown. */
    public InPipeline {
      requirePositive("batch_images", batchImages);
      requirePositive("images_per_second", imagesPerSecond);
      requirePositive("slowdown", slowdown);
      requireNotNegative("noise", noise);
      requireNotNegative("gap_millis", gapMillis);
      requireNotNegative("rest_millis", restMillis);
      requireNotNegative("transport_millis", transportMillis);
      requireNotNegative("streams_millis", streamsMillis);
    }

    /** Returns the same with what was measured with next to no load. */
    InPipeline with(double rest, double transport) {
      return new InPipeline(
          batchImages, imagesPerSecond, slowdown, noise, gapMillis, rest, transport, streamsMillis);
    }
  }

  /**
   * One typical run of the model alone.
   *
   * @param expertsPerToken K
   * @param capacityRatio requested capacity ratio
   * @param images images of the batch
   * @param millis time of the run, in milliseconds
   */
  public record MeasuredRun(int expertsPerToken, double capacityRatio, int images, double millis) {

    /** Rejects what no run can have taken. */
    public MeasuredRun {
      requirePositive("images", images);
      requirePositive("millis", millis);
    }

    OperatingPoint point() {
      return new OperatingPoint(capacityRatio, expertsPerToken);
    }
  }

  /** Checks the values; copies the list. */
  public MeasuredCosts {
    requirePositive("image_size", imageSize);
    requirePositive("threads", threads);
    requirePositive("parallel_runs", parallelRuns);
    requirePositive("image_bytes", imageBytes);
    requireNotNegative("decode_millis", decodeMillis);
    requireNotNegative("beside_heap_mib", besideHeapMib);
    Routing.ofLabel(routing);
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("no run of the model was measured");
    }
    runs.forEach(MeasuredRun::point);
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " " + value + " is not above 0");
    }
  }

  private static void requireNotNegative(String name, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + " " + value + " is below 0 or no number");
    }
  }

  /** Returns the routing of all runs. */
  public Routing order() {
    return Routing.ofLabel(routing);
  }

  /** Returns a cost model of the runs as they are in a pipeline; it has learnt nothing. */
  public CostModel model(double factor) {
    return new CostModel(
        runs.stream()
            .map(
                run ->
                    new RunTime(run.point(), run.images(), Math.round(run.millis() * factor * 1e6)))
            .toList(),
        parallelRuns);
  }

  /** Returns the same costs of the model with what was measured in a pipeline. */
  MeasuredCosts with(double mibBesideHeap, InPipeline inPipeline) {
    return with(decodeMillis, mibBesideHeap, inPipeline, runs);
  }

  /** Returns other costs of the same model on the same kind of device. */
  private MeasuredCosts with(
      double millisToDecode,
      double mibBesideHeap,
      InPipeline inPipeline,
      List<MeasuredRun> measuredRuns) {
    return new MeasuredCosts(
        model,
        weightsHash,
        imageSize,
        device,
        threads,
        parallelRuns,
        decodesBetweenRuns,
        routing,
        imageBytes,
        millisToDecode,
        mibBesideHeap,
        inPipeline,
        measuredRuns);
  }

  /** Returns these costs as if the device were so many times as fast, for comparisons. */
  MeasuredCosts faster(double times) {
    InPipeline it = pipeline;
    return with(
        decodeMillis / times,
        besideHeapMib,
        new InPipeline(
            it.batchImages(),
            it.imagesPerSecond() * times,
            it.slowdown(),
            it.noise(),
            it.gapMillis() / times,
            it.restMillis() / times,
            it.transportMillis(),
            it.streamsMillis() / times),
        runs.stream()
            .map(
                run ->
                    new MeasuredRun(
                        run.expertsPerToken(),
                        run.capacityRatio(),
                        run.images(),
                        run.millis() / times))
            .toList());
  }

  /** Returns the batch sizes that were measured, ascending. */
  public List<Integer> batchSizes() {
    return runs.stream().map(MeasuredRun::images).distinct().sorted().toList();
  }

  /** Returns the cores that decode an image while no run is under way, or beside it. */
  int decodeThreads() {
    return decodesBetweenRuns ? threads : Math.max(1, threads / 2);
  }

  /**
   * Checks that these are the costs of a model.
   *
   * @param file where they were read from, for the message
   * @throws IOException if they were measured on other weights
   */
  public void requireModel(ModelCard card, Path file) throws IOException {
    if (!weightsHash.equals(card.weightsHash())) {
      throw new IOException(
          String.format(
              "%s holds the costs of another model: %s with the weights %s, this is %s with the"
                  + " weights %s. Name the model with --model, or measure its costs with vmoe lab"
                  + " plan --save-costs",
              file, model, weightsHash, card.name(), card.weightsHash()));
    }
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or holds no costs
   */
  public static MeasuredCosts read(Path file) throws IOException {
    try {
      return JSON.readValue(Files.readString(file), MeasuredCosts.class);
    } catch (ValueInstantiationException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(file + ": " + cause.getMessage(), e);
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + " holds no costs of vmoe lab plan --save-costs: " + e.getOriginalMessage(), e);
    }
  }

  /** Returns the file's text; a run a line, so that versions can be compared. */
  public String toJson() {
    try {
      StringBuilder text = new StringBuilder("{\n");
      var tree = JSON.valueToTree(this);
      tree.properties()
          .forEach(
              entry -> {
                if (!entry.getKey().equals("runs")) {
                  text.append("  \"").append(entry.getKey()).append("\": ");
                  text.append(entry.getValue()).append(",\n");
                }
              });
      text.append("  \"runs\": [\n");
      for (int i = 0; i < runs.size(); i++) {
        text.append("    ").append(JSON.writeValueAsString(runs.get(i)));
        text.append(i == runs.size() - 1 ? "\n" : ",\n");
      }
      return text.append("  ]\n}\n").toString();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("costs cannot be written as JSON", e);
    }
  }
}
