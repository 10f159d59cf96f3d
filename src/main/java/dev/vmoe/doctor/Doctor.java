package dev.vmoe.doctor;

import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Looks at everything that an instance with these settings would need, in the order in which it
 * would need it. Each look is bounded in time and changes nothing.
 */
public final class Doctor {

  /** Brokers and registry answer in milliseconds, or within a few time-outs not at all. */
  private static final Duration NETWORK_LIMIT = Duration.ofSeconds(30);

  /** A model of several GiB is read from a disk, and warmed up. */
  private static final Duration MODEL_LIMIT = Duration.ofMinutes(5);

  private static final Duration MACHINE_LIMIT = Duration.ofSeconds(10);

  private final Settings settings;

  /** Creates a doctor. */
  public Doctor(Settings settings) {
    this.settings = settings;
  }

  /** One look at several things of a kind. */
  @FunctionalInterface
  private interface Look {
    void into(Findings findings) throws Exception;
  }

  /**
   * Looks at everything.
   *
   * @param listener told of each finding as it comes
   * @return all findings, in order
   */
  public List<Finding> look(Consumer<Finding> listener) {
    List<Finding> all = new ArrayList<>();
    Consumer<Finding> both =
        finding -> {
          all.add(finding);
          listener.accept(finding);
        };
    ModelCheck model = new ModelCheck(settings);
    look("settings", MACHINE_LIMIT, new SettingsCheck(settings)::into, both);
    look("broker", NETWORK_LIMIT, new BrokerCheck(settings, model.keepsProfile())::into, both);
    look("registry", NETWORK_LIMIT, new RegistryCheck(settings, model.keepsProfile())::into, both);
    boolean reached = all.stream().noneMatch(it -> it.status() == Finding.Status.FAILED);
    look("model", MODEL_LIMIT, model::into, both);
    ConfigurationCheck configuration = new ConfigurationCheck(settings, model, reached);
    look("configuration", MODEL_LIMIT, configuration::into, both);
    long modelBytes = Math.max(model.fileBytes(), configuration.modelBytes());
    look("machine", MACHINE_LIMIT, new MachineCheck(settings, modelBytes)::into, both);
    return List.copyOf(all);
  }

  /** Runs a look on a thread of its own: what cannot be interrupted is left behind. */
  private static void look(String subject, Duration limit, Look look, Consumer<Finding> listener) {
    Findings findings = new Findings(listener);
    Thread thread =
        new Thread(
            () -> {
              try {
                look.into(findings);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (Exception | LinkageError e) {
                findings.failed(subject, Reason.of(e), "");
              }
            },
            "doctor-" + subject);
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      findings.failed(
          subject, "no answer within " + limit.toSeconds() + " s", "see what it waits for");
      findings.close();
      thread.interrupt();
    }
  }
}
