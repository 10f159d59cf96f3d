package dev.vmoe.streams.output;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.io.Writer;
import org.slf4j.LoggerFactory;

/**
 * Messages of commands on stderr: lines as they are, or records of the log if it is written as
 * JSON. They are written at every level of the log, because they answer the user of the command.
 */
public final class StderrLines extends Writer {

  /** Prefix of lines that report an error. */
  public static final String COMPLAINT = "vmoe: ";

  private static final Logger log = (Logger) LoggerFactory.getLogger(StderrLines.class);

  private final Writer stderr;
  private final StringBuilder line = new StringBuilder();

  /** Creates a writer in front of stderr itself. */
  public StderrLines(Writer stderr) {
    this.stderr = stderr;
  }

  @Override
  public void write(char[] text, int offset, int length) throws IOException {
    if (!LogOutput.json()) {
      stderr.write(text, offset, length);
      return;
    }
    for (int i = offset; i < offset + length; i++) {
      if (text[i] == '\n') {
        writeLine();
      } else if (text[i] != '\r') {
        line.append(text[i]);
      }
    }
  }

  private void writeLine() {
    String message = line.toString();
    line.setLength(0);
    if (message.startsWith(COMPLAINT)) {
      say(Level.ERROR, message.substring(COMPLAINT.length()));
    } else if (!message.isBlank()) {
      say(Level.INFO, message);
    }
  }

  /** Bypasses the levels of the log. */
  private static void say(Level level, String message) {
    log.callAppenders(
        new LoggingEvent(StderrLines.class.getName(), log, level, message, null, null));
  }

  @Override
  public void flush() throws IOException {
    stderr.flush();
  }

  @Override
  public void close() throws IOException {
    if (!line.isEmpty()) {
      writeLine();
    }
    stderr.close();
  }
}
