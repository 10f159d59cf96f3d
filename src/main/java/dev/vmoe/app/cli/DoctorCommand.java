package dev.vmoe.app.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.console.Listening;
import dev.vmoe.app.doctor.Doctor;
import dev.vmoe.app.doctor.Finding;
import dev.vmoe.app.doctor.Finding.Verdict;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.apache.kafka.common.config.ConfigException;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe doctor}: checks what an instance needs before it is started. */
@Command(
    name = "doctor",
    description =
        "Check everything that `vmoe run` needs with these settings: brokers, topics, rights,"
            + " registry, model, device, configuration in force, memory, directories, port. Each"
            + " check prints a line: ok, warning or failed (both with what to do), or skipped."
            + " Changes nothing. The exit code is 1 if a check failed.")
final class DoctorCommand implements Callable<Integer> {

  /** Their logs would only repeat the findings. */
  private static final List<String> SILENCED =
      List.of("org.apache.kafka", "org.apache.flink", "dev.vmoe");

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(names = "--json", description = "Print one JSON object instead of lines.")
  private boolean json;

  private DoctorCommand() {}

  @Override
  public Integer call() throws IOException {
    List<Level> before = SILENCED.stream().map(name -> logger(name).getLevel()).toList();
    SILENCED.forEach(name -> logger(name).setLevel(Level.OFF));
    try {
      return print(check(json ? finding -> {} : this::printLine));
    } finally {
      for (int i = 0; i < SILENCED.size(); i++) {
        logger(SILENCED.get(i)).setLevel(before.get(i));
      }
    }
  }

  private static Logger logger(String name) {
    return (Logger) LoggerFactory.getLogger(name);
  }

  private List<Finding> check(Consumer<Finding> observer) {
    Settings settings;
    try {
      settings = connection.settings();
    } catch (ConfigException e) {
      Finding wrong =
          new Finding(
              "settings",
              Verdict.FAILED,
              ErrorText.of(e),
              "correct them (src/docs/settings.md) and run this again; nothing else was checked");
      observer.accept(wrong);
      return List.of(wrong);
    }
    SILENCED.forEach(name -> logger(name).setLevel(Level.OFF)); // the settings may have set levels
    List<Finding> all = new ArrayList<>(new Doctor(settings).check(observer));
    try {
      Listening.of(settings);
    } catch (ConfigException e) {
      Finding console =
          new Finding("console", Verdict.FAILED, ErrorText.of(e), "see src/docs/security.md");
      observer.accept(console);
      all.add(console);
    }
    return all;
  }

  private int print(List<Finding> findings) throws IOException {
    Verdict worst =
        findings.stream().map(Finding::status).max(Comparator.naturalOrder()).orElse(Verdict.OK);
    if (json) {
      ObjectNode report = Json.object();
      report.put("status", worst.label());
      report.set("findings", Json.tree(findings));
      PrintWriter out = spec.commandLine().getOut();
      out.println(report.toPrettyString());
      out.flush();
    }
    return worst == Verdict.FAILED ? VmoeCommand.FAILED : 0;
  }

  private void printLine(Finding finding) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%-8s %-36s %s%s%n",
        finding.status().label(),
        finding.subject(),
        finding.message(),
        finding.advice().isEmpty() ? "" : "; to do: " + finding.advice());
    out.flush();
  }
}
