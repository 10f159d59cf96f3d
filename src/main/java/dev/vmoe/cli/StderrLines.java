package dev.vmoe.cli;

import java.io.IOException;
import java.io.Writer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What commands say on stderr: the lines as they are, or each as a record of the log where that is
 * written as JSON.
 */
final class StderrLines extends Writer {

  private static final Logger log = LoggerFactory.getLogger(VmoeCommand.class);

  private final Writer stderr;
  private final StringBuilder line = new StringBuilder();

  /** Creates a writer in front of stderr itself. */
  StderrLines(Writer stderr) {
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
    if (said.startsWith(VmoeCommand.COMPLAINT)) {
      log.error(said.substring(VmoeCommand.COMPLAINT.length()));
    } else if (!said.isBlank()) {
      log.info(said);
    }
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
