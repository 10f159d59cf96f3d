package dev.vmoe.lab.peers;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The process of the Flink peer: obeys the orders of {@link FlinkProcess} until they end. */
public final class FlinkMain {

  /** What all subtasks share: Flink copies operators, and a model cannot be copied. */
  private static volatile @Nullable PeerWork shared;

  private @Nullable JobClient job;

  private FlinkMain() {}

  /** Returns work for one subtask. */
  static BatchWork work() {
    return Objects.requireNonNull(shared, "no model is open").onEachCore();
  }

  /**
   * Opens the model and obeys.
   *
   * @param arguments a {@link FlinkSetup}
   */
  public static void main(String[] arguments) throws Exception {
    quiet();
    PeerWork work = FlinkSetup.ofArguments(arguments).open();
    shared = work;
    FlinkMain main = new FlinkMain();
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println(FlinkProcess.READY);
    String order = orders.readLine();
    while (order != null) {
      System.out.println(main.obeyed(order.split(" "), work));
      order = orders.readLine();
    }
    Runtime.getRuntime().halt(0); // threads of Flink may still be there, and nothing is to be saved
  }

  /** With every commit it warns of a metric that it registers again. */
  private static void quiet() {
    if (LoggerFactory.getLogger(MetricGroup.class) instanceof Logger log) {
      log.setLevel(Level.ERROR);
    }
  }

  private String obeyed(String[] order, PeerWork work) {
    try {
      return order[0].equals(FlinkProcess.START) ? start(order, work) : stop();
    } catch (Exception e) {
      return "failed: " + e.toString().replace('\n', ' ');
    }
  }

  private String start(String[] order, PeerWork work) throws Exception {
    job =
        FlinkJob.start(
            new PeerJob(order[1], order[2], order[3], order[4], Integer.parseInt(order[5]), work));
    return FlinkProcess.READING;
  }

  private String stop() throws Exception {
    JobClient running = Objects.requireNonNull(job, "no job was started");
    JobStatus status = running.getJobStatus().get();
    if (status != JobStatus.RUNNING) {
      return "failed: the job is " + status;
    }
    running.cancel().get();
    running.getJobExecutionResult().handle((result, cancelled) -> "ended").get();
    return FlinkProcess.STOPPED
        + " "
        + ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
  }
}
