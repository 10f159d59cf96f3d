package dev.vmoe.streams.topology;

import java.lang.Thread.UncaughtExceptionHandler;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps stream threads that die on purpose from failing a class, or filling its output. */
final class CrashesBorne implements BeforeAllCallback, AfterAllCallback {

  private UncaughtExceptionHandler before;

  @Override
  public void beforeAll(ExtensionContext context) {
    before = Thread.getDefaultUncaughtExceptionHandler();
    Awaitility.doNotCatchUncaughtExceptionsByDefault();
    Thread.setDefaultUncaughtExceptionHandler((thread, exception) -> {});
  }

  @Override
  public void afterAll(ExtensionContext context) {
    Thread.setDefaultUncaughtExceptionHandler(before);
    Awaitility.reset();
  }
}
