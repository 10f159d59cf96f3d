package dev.vmoe.lab.peers;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Consumer loops in one group, as people write them by hand. */
final class ConsumerLoops implements Peer {

  private final List<ConsumerLoop> loops;

  /**
   * Makes the loops.
   *
   * @param work makes what each loop does with its images
   * @param commitEvery time between commits; zero for a transaction a batch
   */
  ConsumerLoops(PeerJob job, int loops, Supplier<BatchWork> work, Duration commitEvery) {
    this.loops =
        IntStream.range(0, loops)
            .mapToObj(
                loop -> new ConsumerLoop(job, job.group() + "-" + loop, work.get(), commitEvery))
            .toList();
  }

  @Override
  public int consumers() {
    return loops.size();
  }

  @Override
  public void start() {
    loops.forEach(ConsumerLoop::start);
  }

  @Override
  public void close() {
    loops.forEach(ConsumerLoop::stop);
    loops.forEach(ConsumerLoop::awaitEnd);
  }
}
