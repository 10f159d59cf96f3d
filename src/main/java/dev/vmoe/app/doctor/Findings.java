package dev.vmoe.app.doctor;

import dev.vmoe.app.doctor.Finding.Verdict;
import java.util.function.Consumer;

/** Makes findings and passes them to an observer. May be used by several threads. */
final class Findings {

  private final Consumer<Finding> observer;
  private boolean closed;

  Findings(Consumer<Finding> observer) {
    this.observer = observer;
  }

  void ok(String subject, String message) {
    add(new Finding(subject, Verdict.OK, message, ""));
  }

  void warning(String subject, String message, String advice) {
    add(new Finding(subject, Verdict.WARNING, message, advice));
  }

  void failed(String subject, String message, String advice) {
    add(new Finding(subject, Verdict.FAILED, message, advice));
  }

  void skipped(String subject, String message) {
    add(new Finding(subject, Verdict.SKIPPED, message, ""));
  }

  private synchronized void add(Finding finding) {
    if (!closed) {
      observer.accept(finding);
    }
  }

  /** Ignores later findings: they come from a check that took too long. */
  synchronized void close() {
    closed = true;
  }
}
