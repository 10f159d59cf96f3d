package dev.vmoe.lab.bench;

import dev.vmoe.app.console.Console;
import dev.vmoe.app.console.Listening;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.RunningInstance;
import dev.vmoe.streams.instance.RunningView;
import dev.vmoe.streams.metrics.Exposition;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A pipeline that can be loaded again and again, with what watches it while it is. */
public final class ObservedPipeline implements AutoCloseable {

  private static final Duration SCRAPE_EVERY = Duration.ofSeconds(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final BenchPipeline pipeline;
  private final List<Scraper> scrapers;

  /**
   * Starts a pipeline and waits until it reads.
   *
   * @param name of the pipeline on its broker
   * @param watched by what
   */
  public ObservedPipeline(LocalBroker broker, String name, BenchModel model, Observation watched)
      throws Exception {
    try {
      pipeline = opened(new BenchPipeline(broker, name, model, settings(watched)));
      scrapers =
          switch (watched) {
            case METRICS -> scrapers("metrics");
            case PAGE -> scrapers("api/status", "api/images");
            case CONTROL, TRACING -> List.of();
          };
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  private Map<String, String> settings(Observation watched) throws IOException {
    Map<String, String> settings = new HashMap<>();
    if (watched == Observation.TRACING) {
      settings.put(Settings.TRACING_OTLP_ENDPOINT, opened(new OtlpSink()).endpoint());
      settings.put(Settings.TRACING_SAMPLE_RATIO, "1");
    }
    return settings;
  }

  private List<Scraper> scrapers(String... pages) {
    Meters meters = pipeline.meters();
    Pipeline running = pipeline.pipeline();
    meters.bindJvm();
    running.bindKafka(meters);
    RunningInstance instance = new RunningInstance();
    instance.started(running, new RunningView(pipeline.settings(), List.of(), running));
    Console console = opened(Console.start(Listening.at("127.0.0.1", 0), meters, instance));
    return Arrays.stream(pages)
        .map(page -> opened(new Scraper(URI.create(console.address() + page), SCRAPE_EVERY)))
        .toList();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  /** Sends images, and watches meanwhile; returns images a second. */
  public double imagesPerSecond(FullLoad load) throws InterruptedException {
    scrapers.forEach(Scraper::resume);
    try {
      return pipeline.answer(load).imagesPerSecond();
    } finally {
      for (Scraper scraper : scrapers) {
        scraper.pause();
      }
    }
  }

  /** Returns how often pages were read so far. */
  public long scrapes() {
    return scrapers.stream().mapToLong(Scraper::reads).sum();
  }

  /** Returns a counter's value so far. */
  public long counted(String sample) {
    return pipeline
        .meters()
        .scrape(Exposition.PROMETHEUS)
        .lines()
        .filter(line -> line.startsWith(sample + " "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(sample.length() + 1)))
        .sum();
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
