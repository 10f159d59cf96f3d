package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.client.ImageProducer;
import dev.vmoe.app.client.OutgoingImages;
import dev.vmoe.app.client.Pace;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.ImageFiles;
import dev.vmoe.core.image.MediaType;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RecordJson;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.acl.AclOperation;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe produce}: sends image files, or the bundled images, to the images topic. */
@Command(
    name = "produce",
    description =
        "Send image files, or the bundled test images, to the images topic. The key of a record is"
            + " the name of the file, or sample-NUMBER for a bundled image. Images that cannot be"
            + " sent are reported; the others are sent.")
final class ProduceCommand implements Callable<Integer> {

  private static final long ANSWER_MS = 15_000;

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE-OR-FOLDER",
      description =
          "Files of any format, sent unchanged, or folders with image files in and below them.")
  private List<Path> paths = List.of();

  @Option(
      names = "--sample",
      description = "Send the bundled test images with their labels, instead of files.")
  private boolean sample;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Images to send, again from the first if there are fewer (default: all).")
  private @Nullable Long count;

  @Option(names = "--endless", description = "Send the images again and again until Ctrl-C.")
  private boolean endless;

  @Option(names = "--label", description = "True class of all images.")
  private @Nullable String label;

  @Option(
      names = "--labels-from-folder",
      description = "Use the name of the folder of each file as its true class.")
  private boolean labelsFromFolder;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "Key of all records, such as a camera's name (default: each file's name).")
  private @Nullable String key;

  @Option(
      names = "--raw",
      description =
          "Send only the bytes, with the header content-type, like a producer without Avro.")
  private boolean raw;

  @Option(
      names = "--format",
      paramLabel = "avro|json",
      description =
          "Form of what is sent: avro (the default), or json with the image in base64, like a"
              + " producer without a schema registry.")
  private EventFormat format = EventFormat.AVRO;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Images a second (default: as fast as possible).")
  private double rate = Double.POSITIVE_INFINITY;

  @Option(
      names = "--attribute",
      paramLabel = "KEY=VALUE",
      description = "Attribute of the prediction, besides file (the file's name); may be repeated.")
  private Map<String, String> attributes = new LinkedHashMap<>();

  @Option(
      names = "--priority",
      paramLabel = "P",
      description =
          "Priority of these images in their batch, from 0.01 to 100 (default: 1). Under batch"
              + " priority routing, patches of a higher priority claim the experts' slots earlier.")
  private @Nullable Float priority;

  @Option(
      names = "--deadline-ms",
      paramLabel = "N",
      description =
          "Milliseconds from sending until the prediction has to be readable (default: the"
              + " pipeline's late.policy decides). An image that cannot be in time becomes a dead"
              + " letter.")
  private @Nullable Long deadlineMs;

  @Option(names = "--json", description = "Print one line of JSON for each image.")
  private boolean json;

  private ProduceCommand() {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkOptions();
    Settings settings = connection.settings();
    OutgoingImages images = outgoing();
    String topic = settings.topic(TopicPlan.IMAGES);
    Brokers.requireTopic(settings, topic, AclOperation.WRITE);
    Outcomes outcomes = new Outcomes(spec.commandLine().getOut(), spec.commandLine().getErr());
    Thread sender = Thread.currentThread();
    // After Ctrl-C, the JVM ends once everything sent is acknowledged.
    try (AtExit atExit =
        endless ? new AtExit(sender::interrupt, Duration.ofMillis(ANSWER_MS)) : null) {
      long startNanos = System.nanoTime();
      send(settings, topic, images, outcomes);
      return outcomes.summarize(topic, (System.nanoTime() - startNanos) / 1e9);
    }
  }

  private void send(Settings settings, String topic, OutgoingImages images, Outcomes outcomes)
      throws InterruptedException {
    Map<String, Object> properties = settings.producerProperties();
    properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MS);
    try (RegistryClient registry = RegistryClient.of(settings);
        ImageProducer producer = new ImageProducer(properties, registry, topic);
        Progress.Bar progress = Progress.terminalBar("produce", images.count(), !json)) {
      Pace pace = new Pace(rate);
      while (images.hasNext()) {
        if (!awaitNext(pace)) {
          break;
        }
        OutgoingImages.OutgoingImage image = images.next();
        send(producer, image)
            .whenComplete(
                (written, failure) -> progress.at(outcomes.add(image.name(), written, failure)));
      }
      producer.flush();
    }
  }

  /** Waits until the next image is due; returns false if sending was stopped. */
  private boolean awaitNext(Pace pace) throws InterruptedException {
    try {
      pace.awaitNext();
      return !(endless && Thread.interrupted());
    } catch (InterruptedException e) {
      if (endless) {
        return false;
      }
      throw e;
    }
  }

  private OutgoingImages outgoing() throws IOException {
    OutgoingImages images =
        sample
            ? OutgoingImages.sample(BundledImages.all())
            : OutgoingImages.files(ImageFiles.find(paths), file -> label(file));
    if (images.count() == 0) {
      throw new IOException("no image files in " + paths);
    }
    return endless ? images.endless() : count == null ? images : images.times(count);
  }

  private void checkOptions() {
    OptionCheck.positive(spec, "--count", count);
    require(
        sample == paths.isEmpty(), "name files or folders to send, or --sample: one or the other");
    boolean labelled = label != null || labelsFromFolder;
    require(
        !(sample && labelled),
        "--sample has labels of its own: leave out --label and --labels-from-folder");
    require(!(endless && count != null), "--count, --endless: one or the other");
    require(
        !(label != null && labelsFromFolder), "--label and --labels-from-folder: one or the other");
    require(
        !(raw && (labelled || !attributes.isEmpty() || priority != null || deadlineMs != null)),
        "--raw sends the bytes alone: leave out labels, attributes, priority and deadline");
    require(!(raw && format == EventFormat.JSON), "--raw, --format json: one or the other");
    OptionCheck.positive(spec, "--deadline-ms", deadlineMs);
    require(
        priority == null || ImagePriority.isValid(priority),
        "--priority %s is outside %s to %s"
            .formatted(priority, ImagePriority.LOWEST, ImagePriority.HIGHEST));
    require(rate > 0, "--rate " + rate + " is not above 0");
  }

  private void require(boolean met, String otherwise) {
    OptionCheck.require(spec, met, otherwise);
  }

  /** An unreadable file is one failure; an error of the registry ends the command. */
  private CompletableFuture<RecordMetadata> send(
      ImageProducer producer, OutgoingImages.OutgoingImage outgoing) {
    byte[] image;
    try {
      image = outgoing.bytes();
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
    String mediaType = MediaType.of(image);
    String its = key == null ? outgoing.key() : key;
    if (raw) {
      return producer.sendRaw(its, image, mediaType);
    }
    Map<String, String> all = new LinkedHashMap<>();
    all.put("file", outgoing.key());
    all.putAll(attributes);
    ImageRequest request =
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(image))
            .setContentType(mediaType.equals(MediaType.UNKNOWN) ? null : mediaType)
            .setLabel(outgoing.label())
            .setAttributes(all)
            .setPriority(priority == null ? ImagePriority.DEFAULT : priority)
            .setDeadline(deadlineMs == null ? null : Instant.now().plusMillis(deadlineMs))
            .build();
    return format == EventFormat.JSON
        ? producer.sendRaw(its, RecordJson.bytes(request), format.contentType())
        : producer.send(its, request);
  }

  private @Nullable String label(Path file) {
    return labelsFromFolder ? folder(file) : label;
  }

  private static @Nullable String folder(Path file) {
    Path parent = file.toAbsolutePath().normalize().getParent();
    Path name = parent == null ? null : parent.getFileName();
    return name == null ? null : name.toString();
  }

  /** Counts and reports the results of sending; called by the producer's thread. */
  private final class Outcomes {
    private final PrintWriter out;
    private final PrintWriter err;
    private int sent;
    private int failed;

    Outcomes(PrintWriter out, PrintWriter err) {
      this.out = out;
      this.err = err;
    }

    /** Returns how many results there are now. */
    synchronized long add(
        String name, @Nullable RecordMetadata written, @Nullable Throwable failure) {
      ObjectNode line = Json.object().put("file", name);
      if (failure == null && written != null) {
        sent++;
        line.put("topic", written.topic())
            .put("partition", written.partition())
            .put("offset", written.offset());
      } else {
        failed++;
        String reason = failure == null ? "no answer" : ErrorText.of(failure);
        line.put("error", reason);
        err.println("vmoe: " + name + ": " + reason);
      }
      if (json) {
        out.println(line);
      }
      return (long) sent + failed;
    }

    synchronized int summarize(String topic, double seconds) {
      if (!json) {
        out.printf(
            Locale.ROOT,
            "sent %d images to %s in %.1f s (%.0f/s), %d failed%n",
            sent,
            topic,
            seconds,
            sent / seconds,
            failed);
      }
      out.flush();
      return failed == 0 ? 0 : VmoeCommand.FAILED;
    }
  }
}
