package dev.vmoe.lab.peers;

import dev.vmoe.app.client.Replay;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.lab.bench.BenchModel;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.bench.FullLoad;
import dev.vmoe.lab.bench.MeteredReplay;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Lets peers answer images through a pipeline's broker, one peer at a time. A peer gets topics and
 * a group of its own for each round, planned as the pipeline's; they are deleted after it.
 */
public final class PeerBench implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);
  private static final Duration START_CHECK = Duration.ofMillis(50);

  private final String bootstrapServers;
  private final TopicPlan plan = TopicPlan.load();
  private final PeerWork work;
  private final Duration stalledAfter;
  private final Admin admin;
  private int rounds;

  /** Makes a peer for a round. */
  @FunctionalInterface
  interface Opening {
    Peer open(PeerJob job);
  }

  /**
   * Connects to the broker.
   *
   * @param settings its address, and that of the registry
   * @param oneRun the model with one run at a time, on all cores
   * @param runEachCore the model with as many runs at once as cores, of one thread each
   */
  public PeerBench(Settings settings, BenchModel oneRun, BenchModel runEachCore) {
    this(settings, oneRun, runEachCore, Duration.ofMinutes(1));
  }

  PeerBench(Settings settings, BenchModel oneRun, BenchModel runEachCore, Duration stalledAfter) {
    this.bootstrapServers = settings.getString(Settings.BOOTSTRAP_SERVERS);
    this.work = new PeerWork(oneRun, runEachCore, RegistryClient.of(settings));
    this.stalledAfter = stalledAfter;
    this.admin = Admin.create(settings.adminProperties());
  }

  /**
   * Measures a peer once: starts it, waits until it reads, sends the {@linkplain FullLoad#first
   * first} images, which do not count, and then all, and reads the answers.
   *
   * @throws IllegalStateException if not every image is answered once
   */
  public MeteredReplay measure(PeerKind peer, FullLoad load) throws InterruptedException {
    return measure(peer.label(), peer::open, load);
  }

  MeteredReplay measure(String name, Opening opening, FullLoad load) throws InterruptedException {
    String group = CpuShares.PEER + "-" + name + "-" + ++rounds;
    PeerJob job =
        new PeerJob(
            bootstrapServers,
            group,
            group + "." + TopicPlan.IMAGES,
            group + "." + TopicPlan.PREDICTIONS,
            Runtime.getRuntime().availableProcessors(),
            work);
    try {
      admin
          .createTopics(
              List.of(
                  topic(job.images(), TopicPlan.IMAGES),
                  topic(job.predictions(), TopicPlan.PREDICTIONS)))
          .all()
          .get();
      // as in a pipeline that has run before, no image waits for that
      work.registry().register(job.predictions(), Prediction.getClassSchema());
      try (Peer peer = opening.open(job)) {
        peer.start();
        awaitReading(name, job, peer.consumers());
        Replay client = replay(job);
        load.first().send(name, client);
        return load.send(name, client);
      } finally {
        admin.deleteTopics(List.of(job.images(), job.predictions())).all().get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("the topics of " + name + ": " + e.getMessage(), e);
    }
  }

  private NewTopic topic(String name, String planned) {
    TopicPlan.Topic like = plan.topic(planned);
    return new NewTopic(name, Optional.of(like.partitions()), Optional.empty())
        .configs(like.config());
  }

  private Replay replay(PeerJob job) {
    return new Replay(
        bootstrapServers,
        work.registry(),
        new Replay.TopicNames(job.images(), job.predictions(), null, null),
        stalledAfter);
  }

  /** Waits until the peer's consumers share all partitions. */
  private void awaitReading(String name, PeerJob job, int consumers) throws InterruptedException {
    int partitions = plan.topic(TopicPlan.IMAGES).partitions();
    long startNanos = System.nanoTime();
    while (!reads(job.group(), consumers, partitions)) {
      if (System.nanoTime() - startNanos > START_LIMIT.toNanos()) {
        throw new IllegalStateException(
            String.format(
                "%s did not read all %d partitions with %d consumers within %d s; the log says why",
                name, partitions, consumers, START_LIMIT.toSeconds()));
      }
      Thread.sleep(START_CHECK.toMillis());
    }
  }

  private boolean reads(String group, int consumers, int partitions) throws InterruptedException {
    try {
      ConsumerGroupDescription found =
          Objects.requireNonNull(
                  admin.describeConsumerGroups(List.of(group)).describedGroups().get(group))
              .get();
      int assigned =
          found.members().stream()
              .mapToInt(member -> member.assignment().topicPartitions().size())
              .sum();
      return found.groupState() == GroupState.STABLE
          && found.members().size() == consumers
          && assigned == partitions;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return false; // nobody has joined yet
      }
      throw new IllegalStateException("group " + group + " cannot be described", e.getCause());
    }
  }

  @Override
  public void close() {
    work.registry().close();
    admin.close();
  }
}
