package dev.vmoe.app.cli;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.BoundedStop;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.output.LogOutput;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.Awaitility;

/** An instance in its own JVM whose model never returns from its first batch. */
final class HungRun {

  private HungRun() {}

  public static void main(String[] args) throws InterruptedException {
    Map<String, String> properties = new HashMap<>();
    for (String arg : args) {
      properties.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
    }
    Settings settings = new Settings(properties);
    LogOutput.follow(settings);
    FakeClassifier classifier = new FakeClassifier(Duration.ofDays(1));
    Pipeline pipeline = Pipeline.start(settings, classifier, new FakeDecoder(8 * 8 * 3));
    BoundedStop stop =
        BoundedStop.atExit(
            pipeline::close,
            settings.stopTimeout(),
            () -> pipeline.failure().isPresent() ? VmoeCommand.FAILED : VmoeCommand.STOPPED_LATE);
    try {
      DaemonThread.start(() -> sayOnceItRuns(classifier), "runs");
      pipeline.awaitStopped();
    } finally {
      stop.end();
    }
  }

  private static void sayOnceItRuns(FakeClassifier classifier) {
    Awaitility.await().forever().until(() -> classifier.runs() > 0);
    System.out.println("hangs");
  }
}
