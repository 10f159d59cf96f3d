package dev.vmoe.app.doctor;

import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Checks everything that an instance with these settings needs, in the order in which it needs it.
 * Each check is limited in time and changes nothing.
 */
public final class Doctor {

  /** Brokers and registry answer in milliseconds; this allows a few time-outs. */
  private static final Duration NETWORK_LIMIT = Duration.ofSeconds(30);

  /** Time to read a model of several GiB from a disk and to warm it up. */
  private static final Duration MODEL_LIMIT = Duration.ofMinutes(5);

  private static final Duration MACHINE_LIMIT = Duration.ofSeconds(10);

  private final Settings settings;

  /** Creates a doctor for these settings. */
  public Doctor(Settings settings) {
    this.settings = settings;
  }

  @FunctionalInterface
  private interface Check {
    void into(Findings findings) throws Exception;
  }

  /**
   * Checks everything.
   *
   * @param observer receives each finding as it comes
   * @return all findings, in order
   */
  public List<Finding> check(Consumer<Finding> observer) {
    List<Finding> all = new ArrayList<>();
    Consumer<Finding> both =
        finding -> {
          all.add(finding);
          observer.accept(finding);
        };
    ModelCheck model = new ModelCheck(settings);
    check("settings", MACHINE_LIMIT, this::names, both);
    BrokerCheck broker = new BrokerCheck(settings, model.utilizationBytes());
    check("broker", NETWORK_LIMIT, broker::into, both);
    check("registry", NETWORK_LIMIT, new RegistryCheck(settings)::into, both);
    boolean reached = all.stream().noneMatch(it -> it.status() == Finding.Verdict.FAILED);
    check("model", MODEL_LIMIT, model::into, both);
    ConfigurationCheck configuration = new ConfigurationCheck(settings, model, reached);
    check("configuration", MODEL_LIMIT, configuration::into, both);
    long modelBytes = Math.max(model.fileBytes(), configuration.modelBytes());
    check("machine", MACHINE_LIMIT, new MachineCheck(settings, modelBytes)::into, both);
    return List.copyOf(all);
  }

  /** Checks the loaded settings for names that no client knows. */
  private void names(Findings findings) {
    Map<String, String> unknown = settings.unknownToClients();
    unknown.forEach(
        (key, suggestion) ->
            findings.warning(
                "settings",
                key + ": no client of Kafka has a setting of this name" + suggestion,
                "correct or remove it, unless one of your plug-ins reads it"));
    if (unknown.isEmpty()) {
      findings.ok("settings", settings.originals().size() + " given, all of them known");
    }
  }

  /** Runs a check on its own thread; abandons a check that takes too long. */
  private static void check(
      String subject, Duration limit, Check check, Consumer<Finding> observer) {
    Findings findings = new Findings(observer);
    Thread thread =
        DaemonThread.start(
            () -> {
              try {
                check.into(findings);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (Exception | LinkageError e) {
                findings.failed(subject, ErrorText.withCause(e), "");
              }
            },
            "doctor-" + subject);
    try {
      thread.join(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      findings.failed(
          subject, "no answer within " + limit.toSeconds() + " s", "find out what it waits for");
      findings.close();
      thread.interrupt();
    }
  }
}
