package dev.vmoe.streams.output;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how far work has come: a bar on a terminal, else a line for each tenth of the work. */
public final class Progress {

  /** Lines that a whole run prints where there is no terminal. */
  private static final int LINES = 10;

  private final PrintWriter err;

  public Progress(PrintWriter err) {
    this.err = err;
  }

  /** Prints what happens now. */
  public void say(String what) {
    err.println(what + "…");
    err.flush();
  }

  /** Starts a bar. */
  public Bar bar(String what, long total) {
    return new Bar(what, total, err, true);
  }

  /**
   * Starts a bar that prints no lines where there is no terminal.
   *
   * @param visible whether a terminal shows it
   */
  public static Bar terminalBar(String what, long total, boolean visible) {
    return new Bar(what, total, null, visible);
  }

  /** The progress of one piece of work. */
  public static final class Bar implements AutoCloseable {

    private final String what;
    private final long total;
    private final @Nullable PrintWriter lines;
    private final @Nullable ProgressBar bar;
    private long linesPrinted;

    private Bar(String what, long total, @Nullable PrintWriter lines, boolean visible) {
      this.what = what;
      this.total = total;
      this.lines = lines;
      this.bar =
          !visible || !Boolean.getBoolean("vmoe.terminal") || LogOutput.json()
              ? null
              : new ProgressBarBuilder()
                  .setTaskName(what)
                  .setInitialMax(total)
                  .setUpdateIntervalMillis(200)
                  .setStyle(ProgressBarStyle.ASCII)
                  .showSpeed()
                  .build();
    }

    /** Shows how much is done. */
    public void at(long done) {
      if (bar != null) {
        bar.stepTo(done);
        return;
      }
      long due = done * LINES / Math.max(1, total);
      if (lines != null && due > linesPrinted) {
        linesPrinted = due;
        lines.printf("%s %d of %d%n", what, done, total);
        lines.flush();
      }
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
