package dev.vmoe.lab.bench;

import dev.vmoe.client.Replay;
import dev.vmoe.console.Console;
import dev.vmoe.console.Listening;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalBroker;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.instance.ControllerFactory;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.instance.RunningInstance;
import dev.vmoe.instance.RunningView;
import dev.vmoe.metrics.Exposition;
import dev.vmoe.metrics.Meters;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.TopicPlan;
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
  private final Meters meters;
  private final Replay client;
  private final int window;
  private final List<Scraper> scrapers;

  /**
   * Starts a pipeline and waits until it reads.
   *
   * @param name of the pipeline on its broker
   * @param watched by what
   * @param classifier stays the caller's to close, after this
   */
  public ObservedPipeline(
      LocalBroker broker,
      String name,
      Observation watched,
      RoutingSettings routing,
      int batch,
      BatchClassifier classifier,
      ImageDecoder decoder)
      throws Exception {
    window = LocalPipeline.window(batch);
    try {
      meters = opened(new Meters());
      Map<String, String> properties = LocalPipeline.properties(routing, batch);
      properties.put(Settings.APPLICATION_ID, name);
      properties.put(Settings.TOPIC_PREFIX, name + ".");
      properties.putAll(settings(watched));
      Settings settings = broker.settings(properties, TopicPlan.load());
      Pipeline pipeline =
          opened(
              Pipeline.start(
                  settings,
                  classifier,
                  decoder,
                  ControllerFactory.fixed(),
                  Pipeline.metrics(meters, classifier.card())));
      LocalPipeline.awaitRunning(pipeline);
      scrapers =
          switch (watched) {
            case METRICS -> scrapers(settings, classifier, pipeline, "metrics");
            case PAGE -> scrapers(settings, classifier, pipeline, "api/status", "api/images");
            case CONTROL, PROFILE, TRACING -> List.of();
          };
      client = broker.client(settings);
    } catch (Exception e) {
      close();
      throw e;
    }
  }

  private Map<String, String> settings(Observation watched) throws IOException {
    Map<String, String> settings = new HashMap<>();
    if (watched != Observation.PROFILE) {
      settings.put(Settings.ROUTING_PROFILE_INTERVAL_MS, "0");
    }
    if (watched == Observation.TRACING) {
      settings.put(Settings.TRACING_OTLP_ENDPOINT, opened(new OtlpSink()).endpoint());
      settings.put(Settings.TRACING_SAMPLE_RATIO, "1");
    }
    return settings;
  }

  private List<Scraper> scrapers(
      Settings settings, BatchClassifier classifier, Pipeline pipeline, String... pages) {
    meters.bindJvm();
    pipeline.bindKafka(meters);
    RunningInstance instance = new RunningInstance();
    instance.started(pipeline, new RunningView(settings, List.of(), pipeline));
    Console console = opened(Console.start(Listening.at("127.0.0.1", 0), meters, instance));
    return Arrays.stream(pages)
        .map(page -> opened(new Scraper(URI.create(console.address() + page), SCRAPE_EVERY)))
        .toList();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  /**
   * Sends images as fast as they are answered, and watches meanwhile.
   *
   * @param images sent again from the first where more are wanted
   * @return images a second
   */
  public double imagesPerSecond(List<LabelledImage> images, int count) throws InterruptedException {
    scrapers.forEach(Scraper::resume);
    try {
      Replay.ReplayOutcome outcome =
          client.run(
              LocalPipeline.endless(images),
              new Replay.ReplayLoad(count, 0, window),
              answered -> {});
      if (!outcome.summary().complete(count)) {
        throw new IllegalStateException("not every image has exactly one answer");
      }
      return count / outcome.seconds();
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
    return meters
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
