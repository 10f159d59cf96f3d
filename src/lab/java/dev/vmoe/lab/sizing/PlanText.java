package dev.vmoe.lab.sizing;

import dev.vmoe.lab.chart.Columns;
import dev.vmoe.lab.sizing.Plan.Alternative;
import dev.vmoe.lab.sizing.Plan.Limit;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A plan for people: tables of what it is made of, and what to do in sentences. */
public final class PlanText {

  private static final double MIB = 1 << 20;

  private final Plan plan;
  private final MeasuredCosts costs;
  private final boolean qualityMeasured;

  /**
   * Creates a text.
   *
   * @param qualityMeasured whether accuracies were measured, or only their order assumed
   */
  public PlanText(Plan plan, MeasuredCosts costs, boolean qualityMeasured) {
    this.plan = plan;
    this.costs = costs;
    this.qualityMeasured = qualityMeasured;
  }

  /** Returns the text. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    text.append(
        format(
            "%s images/s, 99 %% answered within %.0f ms, for a while %s times as many; %s on %s,"
                + " %d threads%n%n",
            number(plan.demand().imagesPerSecond()),
            1e3 * plan.demand().latencySeconds(),
            number(plan.demand().burst()),
            costs.model(),
            costs.device(),
            costs.threads()));
    text.append(settings()).append('\n');
    text.append(forecasts()).append('\n');
    text.append(parts()).append('\n');
    text.append(limits()).append('\n');
    text.append(alternatives()).append('\n');
    advice().forEach(sentence -> text.append("- ").append(sentence).append('\n'));
    return text.toString();
  }

  private String settings() {
    InstanceMemory memory = plan.memory();
    Table table = new Table("run", "", "");
    table.add("instances", plan.instances(), device());
    table.add(
        "partitions of images",
        plan.partitions(),
        format("topology/topics.yaml; %d an instance", each(plan.instances())));
    table.add("stream threads", plan.streamThreads(), "streams.num.stream.threads, an instance");
    table.add("batch.max.images", plan.batching().maxImages(), "");
    table.add("batch.linger.ms", plan.batching().lingerMs(), "");
    table.add(
        "memory, MiB",
        memory.besideHeap() > 0 ? format("%.0f", memory.total()) : "unknown",
        format(
            "an instance: heap %d (VMOE_HEAP); beside it %s, of which %.1f for decoded images",
            memory.heap(),
            memory.besideHeap() > 0 ? format("%.0f measured", memory.besideHeap()) : "not measured",
            memory.direct()));
    return table.toText();
  }

  private int each(int instances) {
    return (plan.partitions() + instances - 1) / instances;
  }

  private String device() {
    return costs.device().startsWith("cuda")
        ? format("on a GPU each, %d in all", plan.instances())
        : format("on %d cores each, %d in all", plan.coresPerInstance(), plan.cores());
  }

  private record LoadedInstance(String load, Forecast it) {}

  private String forecasts() {
    List<LoadedInstance> loads = new ArrayList<>();
    loads.add(new LoadedInstance("at the mean rate", plan.atRate()));
    loads.add(new LoadedInstance("at the peak rate", plan.atBurst()));
    if (plan.instances() > 1) {
      loads.add(new LoadedInstance("once another is lost", plan.oneLost()));
    }
    return new Columns<LoadedInstance>()
        .add("one instance", LoadedInstance::load)
        .add("images/s", 1, row -> row.it.imagesPerSecond())
        .addShare("busy", 0, row -> row.it.busyShare())
        .add("batch", 1, row -> row.it.meanBatch())
        .addShare("full", 0, row -> row.it.fullShare())
        .add("ratio", 2, row -> row.it.capacityRatio())
        .add("K", 2, row -> row.it.expertsPerToken())
        .add("accuracy", row -> accuracy(row.it))
        .add("p50 ms", 0, row -> row.it.p50Ms())
        .add("p99 ms", 0, row -> row.it.p99Ms())
        .add("p99 from-to", row -> format("%.0f-%.0f", row.it.p99LowMs(), row.it.p99HighMs()))
        .table(loads)
        .toText();
  }

  private String accuracy(Forecast it) {
    return qualityMeasured ? format("%.2f%%", 100 * it.accuracy()) : "unknown";
  }

  /** What an image's time is made of. */
  private String parts() {
    MeasuredCosts.InPipeline pipeline = costs.pipeline();
    Forecast it = plan.atRate();
    int batch = (int) Math.max(1, Math.round(it.meanBatch()));
    double full =
        1e3
            * costs
                .model(pipeline.slowdown())
                .surveyedSeconds(plan.best(), plan.batching().maxImages());
    double mean = 1e3 * costs.model(pipeline.slowdown()).surveyedSeconds(plan.best(), batch);
    Table table = new Table("an image's time", "ms", "from");
    table.add("linger, at most", plan.batching().lingerMs(), "batch.linger.ms");
    table.add(
        "run at the best point, full batch",
        Table.decimals(full, 1),
        format(
            "surveyed x %.2f in the pipeline, spread %.0f %%",
            pipeline.slowdown(), 100 * pipeline.noise()));
    table.add(
        format("run, batch of %d", batch),
        Table.decimals(mean + pipeline.restMillis(), 1),
        format("surveyed x %.2f + %.1f after a rest", pipeline.slowdown(), pipeline.restMillis()));
    table.add(
        "beside the run, an image",
        Table.decimals(pipeline.gapMillis(), 3),
        "measured in a busy pipeline, decoding among it");
    table.add(
        "until the commit, at most",
        Table.decimals(1e3 * plan.demand().commitSeconds(), 0),
        "streams.commit.interval.ms");
    table.add(
        "transport",
        Table.decimals(pipeline.transportMillis(), 1),
        "measured with next to no load");
    table.add("answered at the mean rate, p50", Table.decimals(it.p50Ms(), 0), "simulated");
    return table.toText();
  }

  private String limits() {
    return new Columns<Limit>()
        .add("full at", Limit::name)
        .add("images/s", 0, Limit::imagesPerSecond)
        .add(
            "of the mean rate",
            2,
            limit -> limit.imagesPerSecond() / plan.demand().imagesPerSecond())
        .add("then", Limit::consequence)
        .table(plan.limits())
        .toText();
  }

  private String alternatives() {
    return new Columns<Alternative>()
        .add("instances", Alternative::instances)
        .add("meets it", it -> it.meets() ? "yes" : "no")
        .addShare("busy", 0, it -> it.atRate().busyShare())
        .add("batch", 1, it -> it.atRate().meanBatch())
        .add("ratio", 2, it -> it.atRate().capacityRatio())
        .add("accuracy", it -> accuracy(it.atRate()))
        .add("p99 ms", 0, it -> it.atRate().p99Ms())
        .add("p99 at the peak", 0, it -> it.atBurst().p99Ms())
        .table(plan.alternatives())
        .toText();
  }

  private List<String> advice() {
    List<String> advice = new ArrayList<>();
    Demand demand = plan.demand();
    advice.add(
        format(
            "An instance meets this up to %s images/s, so %d %s needed; headroom at the mean rate:"
                + " %.2f times.",
            number(plan.mostPerInstance()),
            plan.instances(),
            plan.instances() == 1 ? "is" : "are",
            plan.instances() * plan.mostPerInstance() / demand.imagesPerSecond()));
    if (plan.atRate().meanBatch() < plan.batching().maxImages() / 4.0) {
      advice.add(
          format(
              "Batches have %.1f of %d images: each instance gets little within the linger. Fewer,"
                  + " larger instances or a longer linger would fill them.",
              plan.atRate().meanBatch(), plan.batching().maxImages()));
    }
    Limit first = plan.limits().get(0);
    advice.add(
        format(
            "What gives first: %s, at %.0f images/s; %s.",
            first.name(), first.imagesPerSecond(), first.consequence()));
    double share = 100 * plan.mostPerInstance() / demand.imagesPerSecond();
    advice.add(
        format(
            "A partition is one instance's, whatever the number of instances: no partition may get"
                + " more than %.0f images/s, %s.",
            plan.mostPerInstance(),
            share < 100
                ? Table.decimals(share, share < 1 ? 3 : 0) + " % of the mean rate. Spread the keys"
                : "which is more than the mean rate"));
    advice.add(oneLost());
    advice.add(
        format(
            "Brokers take in %.1f MiB/s of images and give as much to the instances; each replica"
                + " more takes as much again (%d bytes an image).",
            demand.imagesPerSecond() * demand.imageBytes() / MIB, demand.imageBytes()));
    advice.add(certainty());
    return advice;
  }

  private String oneLost() {
    double waiting = plan.failOver().waitingImages();
    String drained =
        Double.isInfinite(plan.failOver().drainSeconds())
            ? "those never catch up"
            : format("%.1f s later they are answered, too", plan.failOver().drainSeconds());
    return plan.instances() == 1
        ? format(
            "The only instance is a single point of failure: until it, or another, is up again %.0f"
                + " images wait for each 10 s; run two to have its partitions answered within"
                + " %.1f s.",
            10 * plan.demand().imagesPerSecond(), Planner.FAIL_OVER_SECONDS)
        : format(
            "A killed instance's partitions stand still for up to %.1f s (delivery.md): %.0f images"
                + " wait, at the cheapest point of the others %s.",
            Planner.FAIL_OVER_SECONDS, waiting, drained);
  }

  private String certainty() {
    return format(
        "How sure: times were measured on one instance, with broker and client on the same cores;"
            + " several instances, their network and a broker of its own are computed from it, not"
            + " measured. %sThe spread of p99 above is that of %d simulated repetitions. How far"
            + " predictions were off here: src/docs/sizing.md.",
        qualityMeasured
            ? ""
            : "The model has no quality profile: accuracy is unknown, vmoe lab sweep measures it. ",
        Forecaster.REPETITIONS);
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
