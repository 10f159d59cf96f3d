package dev.vmoe.lab.peers;

import java.time.Duration;
import java.util.Locale;

/** The peers that a pipeline can be compared with. */
public enum PeerKind {

  /** As many transactional consumer loops as cores, of one thread each. */
  CONSUMER_LOOPS(Guarantee.EXACTLY_ONCE) {
    @Override
    Peer open(PeerJob job) {
      return new ConsumerLoops(job, job.cores(), () -> job.work().onEachCore(), COMMIT_EVERY);
    }
  },
  /** One consumer loop on all cores, a transaction a batch. */
  CONSUMER_LOOP_BATCH_TRANSACTION(Guarantee.EXACTLY_ONCE) {
    @Override
    Peer open(PeerJob job) {
      return new ConsumerLoops(job, 1, () -> job.work().onAllCores(), Duration.ZERO);
    }
  },
  /** Kafka Streams, a stream thread a core, an image a run. */
  STREAMS_MAP_VALUES(Guarantee.EXACTLY_ONCE) {
    @Override
    Peer open(PeerJob job) {
      return new StreamsMapValues(job, COMMIT_EVERY);
    }
  },
  /** Confluent's parallel-consumer, a batch at once on each core. */
  PARALLEL_CONSUMER(Guarantee.AT_LEAST_ONCE) {
    @Override
    Peer open(PeerJob job) {
      return new ParallelConsumerPeer(job);
    }
  };

  /** How often peers commit that do not commit each batch; as the pipeline does by default. */
  private static final Duration COMMIT_EVERY = Duration.ofMillis(100);

  private final Guarantee guarantee;

  /** How often an image may be answered when something fails. */
  public enum Guarantee {
    EXACTLY_ONCE,
    AT_LEAST_ONCE;

    /** Returns the words for people. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  PeerKind(Guarantee guarantee) {
    this.guarantee = guarantee;
  }

  /** Makes one for a round; it does nothing yet. */
  abstract Peer open(PeerJob job);

  /** Returns what it promises. */
  public Guarantee guarantee() {
    return guarantee;
  }

  /** Returns the name in options and results. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
