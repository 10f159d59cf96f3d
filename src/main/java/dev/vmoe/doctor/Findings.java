package dev.vmoe.doctor;

import dev.vmoe.doctor.Finding.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The findings so far, told to a listener as they come. May be used by several threads. */
final class Findings {

  private final Consumer<Finding> listener;
  private final List<Finding> found = new ArrayList<>();
  private boolean closed;

  Findings(Consumer<Finding> listener) {
    this.listener = listener;
  }

  void ok(String subject, String message) {
    add(new Finding(subject, Status.OK, message, ""));
  }

  void warning(String subject, String message, String advice) {
    add(new Finding(subject, Status.WARNING, message, advice));
  }

  void failed(String subject, String message, String advice) {
    add(new Finding(subject, Status.FAILED, message, advice));
  }

  void skipped(String subject, String message) {
    add(new Finding(subject, Status.SKIPPED, message, ""));
  }

  private synchronized void add(Finding finding) {
    if (!closed) {
      found.add(finding);
      listener.accept(finding);
    }
  }

  /** Takes no more: what comes from a look that took too long is not heard. */
  synchronized void close() {
    closed = true;
  }

  synchronized List<Finding> all() {
    return List.copyOf(found);
  }
}
