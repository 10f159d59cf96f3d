package dev.vmoe.streams.output;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import java.util.HashMap;
import java.util.Map;
import net.logstash.logback.encoder.LogstashEncoder;
import net.logstash.logback.fieldnames.LogstashFieldNames;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Configures the log of this process: the settings override {@code logback.xml}.
 *
 * <p>With JSON, stderr contains nothing else: messages of commands become records of the log.
 * Results, on stdout, stay as they are.
 */
public final class LogOutput {

  private static final Logger log = LoggerFactory.getLogger(LogOutput.class);

  private static volatile boolean json;

  private LogOutput() {}

  /** Returns whether stderr contains only JSON. */
  static boolean json() {
    return json;
  }

  /**
   * Applies the log settings of the environment, before any settings file is read.
   *
   * @throws org.apache.kafka.common.config.ConfigException if a value is wrong
   */
  public static void follow(Map<String, String> environment) {
    Map<String, String> ofTheLog = new HashMap<>(environment);
    ofTheLog.keySet().retainAll(SettingsLoader.variablesOf(SettingsLoader.OF_THE_LOG));
    follow(new SettingsLoader(ofTheLog).load(null, Map.of()));
  }

  /** Applies the log settings that are given; the others stay as they are. */
  public static void follow(Settings settings) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Map<String, Object> given = settings.originals();
    if (given.containsKey(Settings.LOG_LEVEL)) {
      String level = settings.getString(Settings.LOG_LEVEL);
      context.getLogger("dev.vmoe").setLevel(Level.toLevel(level));
    }
    if (given.containsKey(Settings.KAFKA_LOG_LEVEL)) {
      String level = settings.getString(Settings.KAFKA_LOG_LEVEL);
      context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.toLevel(level));
    }
    String format = settings.getString(Settings.LOG_FORMAT);
    if (!json && format.equals("json")) {
      json = true;
      context
          .getLogger(Logger.ROOT_LOGGER_NAME)
          .iteratorForAppenders()
          .forEachRemaining(LogOutput::write);
      Thread.setDefaultUncaughtExceptionHandler(
          (thread, failure) -> log.error("thread {} died", thread.getName(), failure));
    }
  }

  private static void write(Appender<ILoggingEvent> appender) {
    if (appender instanceof OutputStreamAppender<ILoggingEvent> stream) {
      stream.setEncoder(encoder((LoggerContext) appender.getContext()));
    }
  }

  /** Returns the encoder of one JSON object a line. */
  static LogstashEncoder encoder(@Nullable LoggerContext context) {
    LogstashFieldNames names = new LogstashFieldNames();
    names.setTimestamp("time");
    names.setLogger("logger");
    names.setThread("thread");
    names.setStackTrace("stack");
    names.setMdc("mdc");
    names.setLevelValue(null);
    names.setVersion(null);
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(context);
    encoder.setFieldNames(names);
    encoder.setIncludeContext(false);
    encoder.setTimeZone("UTC");
    encoder.start();
    return encoder;
  }
}
