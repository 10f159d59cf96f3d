package dev.vmoe.streams.instance;

import dev.vmoe.core.batch.MicroBatcher;
import dev.vmoe.core.batch.WorkBounds;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.fetch.FetchBounds;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.commit.Admission;
import dev.vmoe.streams.commit.Deadlines;
import dev.vmoe.streams.commit.KafkaInternals;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.EarlyCommit;
import dev.vmoe.streams.topology.MicroBatchProcessor;
import dev.vmoe.streams.topology.PipelineTopology;
import dev.vmoe.streams.topology.ShareEvents;
import dev.vmoe.streams.topology.SteadyTime;
import dev.vmoe.streams.topology.StreamsProperties;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wires what answers: topology, admission, micro-batcher and fetching. The way of an image itself
 * is in {@link MicroBatchProcessor}.
 *
 * @param fetching fetches images by address
 * @param batcher micro-batcher of all partitions
 * @param admission decides which record may go on to the batcher
 * @param streams Kafka Streams, not started
 * @param topology its topology as text
 */
record ImagePath(
    Fetching fetching,
    MicroBatcher<QueuedRecord> batcher,
    Admission admission,
    KafkaStreams streams,
    String topology)
    implements AutoCloseable {

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(15);

  /** Batches of images that a partition has in the instance beside those that run. */
  private static final int WAITING_BATCHES = 3;

  /** Fetches at once where batches are small. */
  private static final int MIN_FETCHES = 64;

  /** Maximum bytes of the records in flight, over all partitions. */
  private static final long MAX_BYTES = Runtime.getRuntime().maxMemory() / 4;

  private static final Logger log = LoggerFactory.getLogger(ImagePath.class);

  /**
   * Opens the path of an instance that has its configuration; Kafka Streams is not started yet.
   *
   * @param time what Kafka Streams punctuates and commits by
   */
  static ImagePath open(
      Settings settings,
      StreamsConfig streamsConfig,
      TopicLimits limits,
      CommitControl commits,
      BatchControl control,
      Observers observers,
      SteadyTime time) {
    Deque<Runnable> opened = new ArrayDeque<>();
    try {
      Fetching fetching = fetching(settings, commits, observers.metrics());
      opened.push(fetching::close);
      MicroBatcher<QueuedRecord> batcher = batcher(settings, control.terms(), observers);
      opened.push(batcher::close);
      Admission admission = admission(settings, commits, control.terms(), fetching);
      MicroBatchProcessor.Shared shared =
          new MicroBatchProcessor.Shared(
              batcher::openLane,
              admission,
              new ShareEvents(PredictionContents.of(settings)),
              commits.guard(),
              new EarlyCommit(
                  commits.queues(),
                  control::runningImages,
                  BatchControl.MAX_BATCH_BYTES,
                  settings.commitInterval()),
              Math.min(StreamsProperties.largestSent(streamsConfig), limits.deadLetters()));
      EventFormat format = EventFormat.of(settings);
      Topology topology =
          PipelineTopology.build(
              Topics.of(settings),
              new EventSerializer<>(format, commits.registry()),
              new EventSerializer<>(format, commits.registry()),
              input -> new MicroBatchProcessor(shared, observers.images(), input));
      KafkaStreams streams =
          KafkaInternals.streams(
              topology, streamsConfig, commits.guard(), time::milliseconds, time::nanoseconds);
      addGauges(observers.metrics(), commits, fetching, batcher);
      return new ImagePath(fetching, batcher, admission, streams, topology.describe().toString());
    } catch (RuntimeException e) {
      opened.forEach(Runnable::run);
      throw e;
    }
  }

  private static Fetching fetching(
      Settings settings, CommitControl commits, PipelineMetrics metrics) {
    return new Fetching(
        new FetchBounds(
            settings.getList(Settings.FETCH_PREFIXES),
            Set.copyOf(settings.getList(Settings.FETCH_PRIVATE_HOSTS)),
            Math.max(MIN_FETCHES, 2 * settings.getInt(Settings.BATCH_MAX_IMAGES)),
            Duration.ofMillis(settings.getLong(Settings.FETCH_TIMEOUT_MS)),
            settings.getInt(Settings.IMAGE_MAX_BYTES),
            () -> MAX_BYTES - commits.queues().inFlightBytes()),
        (outcome, nanos) ->
            metrics.images().fetchEnded(outcome.name().toLowerCase(Locale.ROOT), nanos));
  }

  private static MicroBatcher<QueuedRecord> batcher(
      Settings settings, TermsInForce terms, Observers observers) {
    return new MicroBatcher<>(
        terms::terms,
        new WorkBounds(
            settings.decodeThreads(terms.served().takesAllCores()),
            () -> settings.decodeMaxBytes(terms.modelBytes()),
            settings.decodeTimeout(),
            settings.inferenceTimeout()),
        observers.images());
  }

  private static Admission admission(
      Settings settings, CommitControl commits, TermsInForce terms, Fetching fetching) {
    return new Admission(
        () -> (WAITING_BATCHES + terms.served().parallelRuns()) * terms.current().maxBatchImages(),
        MAX_BYTES,
        new RequestReader(
            commits.schemas().writers(),
            settings.getInt(Settings.IMAGE_MAX_BYTES),
            EventFormat.of(settings),
            "/vmoe/" + settings.getString(Settings.APPLICATION_ID)),
        fetching::openFetchAhead,
        new Deadlines(terms::current, settings.commitInterval(), Clock.systemUTC()),
        commits.guard());
  }

  private static void addGauges(
      PipelineMetrics metrics,
      CommitControl commits,
      Fetching fetching,
      MicroBatcher<QueuedRecord> batcher) {
    metrics.gauge(Metric.IMAGES_IN_FLIGHT, commits.queues()::inFlightImages);
    metrics.gauge(Metric.IN_FLIGHT_BYTES, commits.queues()::inFlightBytes);
    metrics.gauge(Metric.IMAGES_HELD, commits.queues()::held);
    metrics.gauge(Metric.IMAGES_FETCHING, commits.queues()::fetching);
    metrics.gauge(Metric.PARTITIONS_SUSPECTED, commits.suspects()::suspected);
    metrics.gauge(Metric.FETCHED_BYTES, fetching::bytes);
    metrics.gauge(Metric.DECODE_BYTES, () -> batcher.decodeLoad().bytes());
    metrics.gauge(Metric.DECODES_HUNG, () -> batcher.decodeLoad().hung());
  }

  /** Stops all threads; waits for a batch that runs, as long as it takes. */
  @Override
  public void close() {
    if (!streams.close(CLOSE_LIMIT)) {
      log.warn("the stream threads did not end within {}", CLOSE_LIMIT);
    }
    batcher.close();
    fetching.close();
  }
}
