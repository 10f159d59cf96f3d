package dev.vmoe.inference;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.vmoe.moe.Capacity;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingCounts;
import dev.vmoe.moe.RoutingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in ONNX Runtime, loaded and warmed up.
 *
 * <p>Axes: B images, S image size, T tokens an image, L MoE layers, E experts, K experts a token.
 */
public final class VmoeSession implements BatchClassifier {

  private static final int WARM_UP_IMAGES = 4;

  private static final List<String> LOGITS = List.of("logits");
  private static final List<String> LOGITS_AND_COUNTS =
      List.of("logits", "assigned", "dispatched", "gate_sum", "importance", "skipped");

  private static final Logger log = LoggerFactory.getLogger(VmoeSession.class);

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final ModelCard card;
  private final Set<String> outputs;

  private VmoeSession(OrtEnvironment environment, OrtSession session) throws OrtException {
    this.environment = environment;
    this.session = session;
    this.card = ModelCard.fromMetadata(session.getMetadata().getCustomMetadata());
    this.outputs = Set.copyOf(card.dense() ? LOGITS : LOGITS_AND_COUNTS);
  }

  /**
   * Loads a model and runs it once.
   *
   * @param model ONNX file
   * @param device {@code auto}, {@code cpu} or {@code cuda:N}
   * @param threads threads of the model on the CPU, at least 1
   * @throws IOException if the file cannot be read or is no model of this project
   * @throws IllegalArgumentException if there is no such device
   */
  public static VmoeSession open(Path model, String device, int threads) throws IOException {
    if (!Files.isReadable(model)) {
      throw new NoSuchFileException(model.toString());
    }
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "vmoe");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // Threads that spin while they wait would take the processors from decoding and Kafka.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      Device chosen = Device.choose(device, OrtEnvironment.getAvailableProviders());
      chosen.addTo(options);
      OrtSession session = environment.createSession(model.toString(), options);
      try {
        VmoeSession opened = new VmoeSession(environment, session);
        opened.warmUp();
        log.info("model {} runs on {}", opened.card.name(), chosen);
        return opened;
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (OrtException | IllegalArgumentException e) {
      throw new IOException(model + " cannot be loaded: " + e.getMessage(), e);
    }
  }

  private void warmUp() {
    ByteBuffer black = ByteBuffer.allocateDirect(WARM_UP_IMAGES * imageBytes());
    classify(
        black,
        WARM_UP_IMAGES,
        new RoutingSettings(
            card.dense() ? 1 : card.capacityRatio(),
            Math.max(1, card.expertsPerToken()),
            Routing.BATCH_PRIORITY));
  }

  private int imageBytes() {
    return card.imageSize() * card.imageSize() * 3;
  }

  @Override
  public ModelCard card() {
    return card;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Slots beyond the number of tokens can never be claimed, so C is at most N rounded up.
   */
  @Override
  public BatchResult classify(ByteBuffer images, int numImages, RoutingSettings settings) {
    checkArguments(images, numImages, settings);
    int numTokens = Math.multiplyExact(numImages, card.tokensPerImage());
    int slots = card.dense() ? 0 : slots(numTokens, settings);
    ByteBuffer batch = images.duplicate().clear().limit(numImages * imageBytes());
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      long side = card.imageSize();
      inputs.put(
          "images",
          OnnxTensor.createTensor(
              environment, batch, new long[] {numImages, side, side, 3}, OnnxJavaType.UINT8));
      if (!card.dense()) {
        addRouting(inputs, numImages, slots, settings);
      }
      long startNanos = System.nanoTime();
      try (OrtSession.Result result = session.run(inputs, outputs)) {
        long inferenceNanos = System.nanoTime() - startNanos;
        return new BatchResult(
            logits(result, numImages),
            counts(result, numImages),
            settings,
            slots,
            card.dense()
                ? settings.capacityRatio()
                : Capacity.effectiveRatio(
                    slots, numTokens, settings.expertsPerToken(), card.numExperts()),
            inferenceNanos);
      }
    } catch (OrtException e) {
      throw new InferenceException(
          String.format("%s failed on a batch of %d images: %s", card.name(), numImages, e), e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private void checkArguments(ByteBuffer images, int numImages, RoutingSettings settings) {
    if (numImages < 1 || images.capacity() < (long) numImages * imageBytes()) {
      throw new IllegalArgumentException(
          String.format(
              "a buffer of %d bytes does not hold %d images of %d",
              images.capacity(), numImages, imageBytes()));
    }
    if (!card.dense() && settings.expertsPerToken() > card.expertsPerToken()) {
      throw new IllegalArgumentException(
          String.format(
              "experts per token %d outside [1, %d], the K of the training of %s",
              settings.expertsPerToken(), card.expertsPerToken(), card.name()));
    }
  }

  private int slots(int numTokens, RoutingSettings settings) {
    int most = Capacity.roundUp(numTokens);
    double nothingDropped = (double) card.numExperts() / settings.expertsPerToken();
    return settings.capacityRatio() >= nothingDropped
        ? most
        : Math.min(
            most,
            Capacity.slots(
                numTokens,
                settings.expertsPerToken(),
                settings.capacityRatio(),
                card.numExperts()));
  }

  private void addRouting(
      Map<String, OnnxTensor> inputs, int numImages, int slots, RoutingSettings settings)
      throws OrtException {
    inputs.put("capacity", integer(slots));
    inputs.put("experts_per_token", integer(settings.expertsPerToken()));
    inputs.put(
        "batch_priority",
        OnnxTensor.createTensor(
            environment, new boolean[] {settings.routing() == Routing.BATCH_PRIORITY}));
    float[] alike = new float[numImages];
    Arrays.fill(alike, 1);
    inputs.put(
        "image_priority",
        OnnxTensor.createTensor(environment, FloatBuffer.wrap(alike), new long[] {numImages}));
  }

  private OnnxTensor integer(long value) throws OrtException {
    return OnnxTensor.createTensor(
        environment, LongBuffer.wrap(new long[] {value}), new long[] {1});
  }

  private float[][] logits(OrtSession.Result result, int numImages) {
    FloatBuffer all = output(result, "logits").getFloatBuffer();
    float[][] logits = new float[numImages][card.classes().size()];
    for (float[] image : logits) {
      all.get(image);
    }
    return logits;
  }

  private RoutingCounts counts(OrtSession.Result result, int numImages) {
    int layers = card.numLayers();
    int experts = card.numExperts();
    int choices = numImages * layers * experts;
    return new RoutingCounts(
        numImages,
        layers,
        experts,
        integers(result, "assigned", choices),
        integers(result, "dispatched", choices),
        reals(result, "gate_sum", choices),
        reals(result, "importance", choices),
        integers(result, "skipped", numImages * layers));
  }

  private int[] integers(OrtSession.Result result, String name, int length) {
    int[] values = new int[length];
    if (length > 0) {
      IntBuffer all = output(result, name).getIntBuffer();
      all.get(values);
    }
    return values;
  }

  private float[] reals(OrtSession.Result result, String name, int length) {
    float[] values = new float[length];
    if (length > 0) {
      output(result, name).getFloatBuffer().get(values);
    }
    return values;
  }

  private static OnnxTensor output(OrtSession.Result result, String name) {
    return (OnnxTensor)
        result
            .get(name)
            .orElseThrow(() -> new IllegalStateException("the graph has no output " + name));
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new InferenceException("cannot close " + card.name(), e);
    }
  }
}
