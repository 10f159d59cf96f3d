package dev.vmoe.lab.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Work before a measurement, until the just-in-time compiler rests.
 *
 * <p>On two cores the compiler takes a quarter of the machine for the first two minutes under load.
 * A pipeline runs for months, so a benchmark measures what it does after that.
 */
public final class WarmUp {

  /** Share of a stretch that the compiler may still work. */
  private static final double REST = 0.04;

  private final LongSupplier compileMillis;
  private final LongSupplier nanoClock;

  /** Some seconds of work of the kind that is measured. */
  @FunctionalInterface
  public interface Work {

    /** Works for one stretch. */
    void run() throws InterruptedException;
  }

  /** Creates a warm-up that watches the compiler of this process. */
  public WarmUp() {
    this(compileMillis(ManagementFactory.getCompilationMXBean()), System::nanoTime);
  }

  /** Creates a warm-up that reads compile time, in milliseconds in all, and a monotonic clock. */
  WarmUp(LongSupplier compileMillis, LongSupplier nanoClock) {
    this.compileMillis = compileMillis;
    this.nanoClock = nanoClock;
  }

  /** A JVM without a compiler, or one that does not say, is warm at once. */
  private static LongSupplier compileMillis(@Nullable CompilationMXBean compiler) {
    return compiler == null || !compiler.isCompilationTimeMonitoringSupported()
        ? () -> 0
        : compiler::getTotalCompilationTime;
  }

  /**
   * Works until the compiler rests, at least once.
   *
   * @param max no stretch begins after this time
   */
  public void run(Work work, Duration max) throws InterruptedException {
    long startNanos = nanoClock.getAsLong();
    double share = 1;
    while (share > REST) {
      long compiledMillis = compileMillis.getAsLong();
      long stretchNanos = nanoClock.getAsLong();
      work.run();
      long nowNanos = nanoClock.getAsLong();
      share = 1e6 * (compileMillis.getAsLong() - compiledMillis) / (nowNanos - stretchNanos);
      if (nowNanos - startNanos >= max.toNanos()) {
        return;
      }
    }
  }
}
