package dev.vmoe.lab.sizing;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a load on many instances: rates × instances × batches, faster instances, keys
 * that are not spread evenly, a lost instance. Simulated with the measured costs of one instance.
 *
 * <p>Where the rate of an instance is more than it answers at its cheapest point, its row says so
 * and nothing else: its latency grows for as long as the load lasts.
 */
public final class SizingStudy {

  private static final List<Integer> RATES = List.of(100, 200, 500, 1_000, 2_000, 5_000, 10_000);
  private static final List<Integer> INSTANCES = List.of(1, 2, 4, 8, 16, 32, 64);
  private static final Batching USUAL = new Batching(32, 20);
  private static final double LATENCY_SECONDS = 1;

  /** Partitions an instance has. */
  private static final int EACH = 4;

  private final Forecaster forecaster;

  /** Creates a study. */
  public SizingStudy(Forecaster forecaster) {
    this.forecaster = forecaster;
  }

  /**
   * One configuration.
   *
   * @param part what is compared: scale, batching, speed or skew
   * @param imagesPerSecond rate of all instances
   * @param instances how many
   * @param partitions of all
   * @param batching how batches are filled
   * @param speed speed of an instance over that of the measured one
   * @param perInstance images a second of the instance that is looked at
   * @param overloaded whether that is more than it answers at its cheapest point
   * @param forecast what it does; without meaning where it is overloaded
   */
  public record Row(
      String part,
      double imagesPerSecond,
      int instances,
      int partitions,
      Batching batching,
      double speed,
      double perInstance,
      boolean overloaded,
      Forecast forecast) {}

  /** Returns rates × instances with the default batches. */
  public List<Row> scale() {
    List<Row> rows = new ArrayList<>();
    for (int rate : RATES) {
      for (int instances : INSTANCES) {
        rows.add(row("scale", rate, instances, USUAL, 1, (double) rate / instances));
      }
    }
    return rows;
  }

  /** Returns batch sizes × lingers, on instances that get little and on ones that get much. */
  public List<Row> batching() {
    List<Row> rows = new ArrayList<>();
    double most = forecaster.throughput(forecaster.best(32), 32);
    for (double share : new double[] {0.05, 0.2, 0.6, 0.9}) {
      for (int images : List.of(8, 16, 32, 64)) {
        for (int linger : List.of(5, 20, 50, 100)) {
          int rate = (int) Math.round(share * most);
          rows.add(row("batching", rate, 1, new Batching(images, linger), 1, rate));
        }
      }
    }
    return rows;
  }

  /** Returns as much computing power as many slow instances and as few fast ones. */
  public List<Row> speed() {
    List<Row> rows = new ArrayList<>();
    double most = forecaster.throughput(forecaster.best(32), 32);
    for (double load : new double[] {0.1, 0.7}) {
      double rate = Math.round(load * most * 16);
      for (int instances : List.of(16, 8, 4, 2, 1)) {
        rows.add(row("speed", rate, instances, USUAL, 16.0 / instances, rate / instances));
      }
    }
    return rows;
  }

  /** Returns the instance with the hottest partition, that partition getting 1 to 8 even shares. */
  public List<Row> skew() {
    List<Row> rows = new ArrayList<>();
    int instances = 8;
    double most = forecaster.throughput(forecaster.best(32), 32);
    double rate = Math.round(0.6 * most * instances);
    int partitions = EACH * instances;
    for (int hot : List.of(1, 2, 4, 8)) {
      double share = (double) hot / partitions;
      double own = share + (1 - share) * (EACH - 1) / (partitions - 1);
      rows.add(row("skew x" + hot, rate, instances, USUAL, 1, own * rate));
    }
    return rows;
  }

  private Row row(
      String part,
      double rate,
      int instances,
      Batching batching,
      double speed,
      double perInstance) {
    Forecaster own = speed == 1 ? forecaster : forecaster.faster(speed);
    int batch = batching.maxImages();
    boolean overloaded = perInstance > own.throughput(own.cheapest(batch), batch);
    return new Row(
        part,
        rate,
        instances,
        EACH * instances,
        batching,
        speed,
        perInstance,
        overloaded,
        own.adaptive(batching, LATENCY_SECONDS, overloaded ? 1 : perInstance));
  }

  /** Returns rows as a table; where one is overloaded, its forecast is left out. */
  public static Table table(List<Row> rows) {
    return new Columns<Row>()
        .add("part", Row::part)
        .add("images_per_second", 0, Row::imagesPerSecond)
        .add("instances", Row::instances)
        .add("partitions", Row::partitions)
        .add("batch_max_images", row -> row.batching().maxImages())
        .add("batch_linger_ms", row -> row.batching().lingerMs())
        .add("speed", 0, Row::speed)
        .add("per_instance", 1, Row::perInstance)
        .add("overloaded", Row::overloaded)
        .add("mean_batch", 2, known(Forecast::meanBatch))
        .add("busy", 3, known(Forecast::busyShare))
        .add("capacity_ratio", 3, known(Forecast::capacityRatio))
        .add("experts_per_token", 2, known(Forecast::expertsPerToken))
        .add("accuracy", 4, known(Forecast::accuracy))
        .add("p50_ms", 0, known(Forecast::p50Ms))
        .add("p99_ms", 0, known(Forecast::p99Ms))
        .table(rows);
  }

  private static Function<Row, @Nullable Double> known(Function<Forecast, Double> figure) {
    return row -> row.overloaded() ? null : figure.apply(row.forecast());
  }

  /**
   * Returns what a batch's size is worth: time an image, and accuracy with and without batch
   * priority, at the largest K of the points whose accuracy is known.
   */
  public Table routing() {
    Table table =
        new Table("batch", "capacity_ratio", "experts_per_token", "ms_per_image", "bpr", "vanilla");
    MeasuredCosts costs = forecaster.costs();
    int k =
        forecaster.quality().points().stream()
            .mapToInt(OperatingPoint::expertsPerToken)
            .max()
            .orElseThrow();
    List<OperatingPoint> points =
        forecaster.quality().points().stream()
            .filter(point -> point.expertsPerToken() == k)
            .filter(point -> List.of(0.25, 0.5, 1.05).contains(point.capacityRatio()))
            .sorted(Comparator.comparingDouble(OperatingPoint::capacityRatio))
            .toList();
    for (OperatingPoint point : points) {
      for (int batch : costs.batchSizes()) {
        table.add(
            batch,
            point.capacityRatio(),
            k,
            Table.decimals(1e3 * costs.model(1).surveyedSeconds(point, batch) / batch, 3),
            Table.decimals(accuracy(point, Routing.BATCH_PRIORITY, batch), 4),
            Table.decimals(accuracy(point, Routing.VANILLA, batch), 4));
      }
    }
    return table;
  }

  private double accuracy(OperatingPoint point, Routing routing, int batch) {
    return forecaster.quality().accuracy(point, routing, batch);
  }

  /** Returns what brokers carry and what decoding takes, by rate and size of the images. */
  public Table brokers() {
    Table table =
        new Table(
            "images_per_second",
            "image_bytes",
            "brokers_in_mib_per_second",
            "brokers_out_mib_per_second",
            "decode_cores");
    MeasuredCosts costs = forecaster.costs();
    for (int rate : RATES) {
      for (long bytes : new long[] {costs.imageBytes(), 50_000, 500_000}) {
        double mib = rate * (double) bytes / (1 << 20);
        boolean measured = bytes == costs.imageBytes();
        table.add(
            rate,
            bytes,
            Table.decimals(mib, 1),
            Table.decimals(3 * mib, 1), // to the instances, and to two more replicas
            measured ? Table.decimals(rate * costs.decodeMillis() / 1e3, 2) : null);
      }
    }
    return table;
  }
}
