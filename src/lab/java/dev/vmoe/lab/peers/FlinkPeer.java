package dev.vmoe.lab.peers;

import java.time.Duration;

/** A round of Apache Flink, in its own process. */
final class FlinkPeer implements Peer {

  private final PeerJob job;
  private final FlinkProcess process;

  FlinkPeer(PeerJob job, FlinkProcess process) {
    this.job = job;
    this.process = process;
  }

  @Override
  public int consumers() {
    return 0;
  }

  @Override
  public Duration cpuElsewhere() {
    return process.cpu();
  }

  @Override
  public void start() {
    process.start(job);
  }

  @Override
  public void close() {
    process.stop();
  }
}
