package dev.vmoe.output;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.IOException;
import java.io.Writer;
import org.slf4j.LoggerFactory;

/**
 * What commands say on stderr: the lines as they are, or each as a record of the log where that is
 * written as JSON. They are said whatever the levels of the log are: these are for what goes on
 * inside, and who asks wrongly has to be told.
 */
public final class StderrLines extends Writer {

  /** What a line begins with that says what is wrong. */
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
        sayLine();
      } else if (text[i] != '\r') {
        line.append(text[i]);
      }
    }
  }

  private void sayLine() {
    String said = line.toString();
    line.setLength(0);
    if (said.startsWith(COMPLAINT)) {
      say(Level.ERROR, said.substring(COMPLAINT.length()));
    } else if (!said.isBlank()) {
      say(Level.INFO, said);
    }
  }

  /** Goes past the levels, to where the log is written. */
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
      sayLine();
    }
    stderr.close();
  }
}
