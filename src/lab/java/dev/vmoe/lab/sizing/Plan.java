package dev.vmoe.lab.sizing;

import dev.vmoe.core.capacity.OperatingPoint;
import java.util.List;

/**
 * What to run for a demand, and what is expected of it.
 *
 * @param demand what was asked for
 * @param instances how many
 * @param streamThreads stream threads of each
 * @param coresPerInstance cores of each, as they were measured
 * @param partitions of the images topic
 * @param batching how each fills its batches
 * @param best the best operating point with such batches
 * @param memory memory of each
 * @param mostPerInstance rate of an instance up to which the demand is met
 * @param atRate forecast of one instance at the mean rate
 * @param atBurst the same at the peak rate
 * @param oneLost the same at the mean rate for the one with the most partitions once another is
 *     lost; at the mean rate where there is only one
 * @param failOver what a lost instance means until its partitions are answered again
 * @param limits what the rate may not pass, the lowest first
 * @param alternatives the same demand on other numbers of instances
 */
public record Plan(
    Demand demand,
    int instances,
    int streamThreads,
    int coresPerInstance,
    int partitions,
    Batching batching,
    OperatingPoint best,
    InstanceMemory memory,
    double mostPerInstance,
    Forecast atRate,
    Forecast atBurst,
    Forecast oneLost,
    FailOver failOver,
    List<Limit> limits,
    List<Alternative> alternatives) {

  /**
   * A lost instance.
   *
   * @param waitingImages images of its partitions that come in until another answers them
   * @param drainSeconds until they are answered as well, at the cheapest point; infinite where the
   *     others have no room
   */
  public record FailOver(double waitingImages, double drainSeconds) {}

  /**
   * Something that is full at some rate.
   *
   * @param name what
   * @param imagesPerSecond rate of all instances at which it is
   * @param consequence what happens then
   */
  public record Limit(String name, double imagesPerSecond, String consequence) {}

  /**
   * Another number of instances.
   *
   * @param instances how many
   * @param atRate forecast of one at the mean rate
   * @param atBurst forecast of one at the peak rate
   * @param meets whether the demand is met
   */
  public record Alternative(int instances, Forecast atRate, Forecast atBurst, boolean meets) {}

  /** Copies the lists. */
  public Plan {
    limits = List.copyOf(limits);
    alternatives = List.copyOf(alternatives);
  }

  /** Returns the cores of all instances. */
  public int cores() {
    return instances * coresPerInstance;
  }
}
