package dev.vmoe.output;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Tells people how long work gets on: a bar on a terminal, a line now and then elsewhere. */
public final class Progress {

  /** Lines that a whole run prints where there is no terminal. */
  private static final int LINES = 10;

  private final PrintWriter err;

  public Progress(PrintWriter err) {
    this.err = err;
  }

  /** Says what happens now. */
  public void say(String what) {
    err.println(what + "…");
    err.flush();
  }

  /** Starts a bar. */
  public Bar bar(String what, long total) {
    return new Bar(what, total);
  }

  /** The progress of one piece of work. */
  public final class Bar implements AutoCloseable {

    private final String what;
    private final long total;
    private final @Nullable ProgressBar bar;
    private long linesPrinted;

    private Bar(String what, long total) {
      this.what = what;
      this.total = total;
      this.bar =
          !Boolean.getBoolean("vmoe.terminal") || LogOutput.json()
              ? null
              : new ProgressBarBuilder()
                  .setTaskName(what)
                  .setInitialMax(total)
                  .setUpdateIntervalMillis(200)
                  .setStyle(ProgressBarStyle.ASCII)
                  .showSpeed()
                  .build();
    }

    /** Says how much is done. */
    public void at(long done) {
      if (bar != null) {
        bar.stepTo(done);
        return;
      }
      long lines = done * LINES / Math.max(1, total);
      if (lines > linesPrinted) {
        linesPrinted = lines;
        err.printf("%s %d of %d%n", what, done, total);
        err.flush();
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
