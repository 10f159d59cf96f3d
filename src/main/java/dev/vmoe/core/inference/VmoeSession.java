package dev.vmoe.core.inference;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingLimits;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model file, open in ONNX Runtime on one device.
 *
 * <p>Each run computes C, the slots an expert, from its own number of tokens and the ratio it is
 * asked for. A ratio above E/K is taken as E/K: there each expert has a slot for every token, so
 * more would only take memory.
 *
 * <p>Axes: B images, T tokens an image, N = B·T, L MoE layers, E experts, K experts a token.
 */
public final class VmoeSession implements BatchClassifier {

  private static final Logger LOG = LoggerFactory.getLogger(VmoeSession.class);

  /** Input of graphs that were imported when choices could be left out by their gate; 0: none. */
  private static final String FORMER_GATE_MIN = "gate_min";

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final ModelCard card;
  private final Device device;
  private final SessionSettings settings;

  private VmoeSession(
      OrtEnvironment environment,
      OrtSession session,
      ModelCard card,
      Device device,
      SessionSettings settings) {
    this.environment = environment;
    this.session = session;
    this.card = card;
    this.device = device;
    this.settings = settings;
  }

  /**
   * Opens a model file and warms the session up.
   *
   * @throws InferenceException if there is no such file, it cannot be loaded or is no model file of
   *     this project, or a GPU is asked for and none can be used; a session never runs on another
   *     device than it was asked to
   */
  public static VmoeSession open(Path file, SessionSettings settings) {
    if (!Files.isReadable(file)) {
      throw new InferenceException("no model file " + file);
    }
    OrtEnvironment environment = OrtRuntime.environment();
    VmoeSession session =
        switch (settings.device().kind()) {
          case AUTO -> openOnBest(environment, file, settings);
          case CPU, CUDA -> openOn(settings.device(), environment, file, settings);
        };
    LOG.info(
        "{} ({}) on {}, asked for {}; {}",
        session.card.name(),
        session.card.architecture(),
        session.device,
        settings.device(),
        session.runtime());
    try {
      session.warmUp(settings.warmUpBatches());
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
    return session;
  }

  private static VmoeSession openOnBest(
      OrtEnvironment environment, Path file, SessionSettings settings) {
    try {
      return openOn(new Device(Device.Kind.CUDA, 0), environment, file, settings);
    } catch (InferenceException e) {
      LOG.info("no GPU that ONNX Runtime can use: {}", String.valueOf(e.getMessage()));
      return openOn(Device.CPU, environment, file, settings);
    }
  }

  private static VmoeSession openOn(
      Device device, OrtEnvironment environment, Path file, SessionSettings settings) {
    try (OrtSession.SessionOptions options = OrtRuntime.options(device, settings)) {
      OrtSession session = environment.createSession(file.toString(), options);
      try {
        ModelCard card = ModelCard.fromMetadata(session.getMetadata().getCustomMetadata());
        if (settings.features() && card.featuresLength() == 0) {
          throw new IllegalArgumentException(card.name() + " gives no features");
        }
        return new VmoeSession(environment, session, card, device, settings);
      } catch (IllegalArgumentException e) {
        session.close();
        throw new InferenceException(file + ": " + e.getMessage(), e);
      }
    } catch (OrtException e) {
      throw new InferenceException(
          String.format("cannot load %s on %s: %s", file, device, e.getMessage()), e);
    }
  }

  private void warmUp(List<Integer> batches) {
    int k = Math.max(1, card.expertsPerToken());
    RoutingSettings settings = new RoutingSettings(card.capacityRatio(), k, Routing.BATCH_PRIORITY);
    for (int batch : batches) {
      ByteBuffer images = ByteBuffer.allocateDirect(batch * imageBytes());
      BatchResult result = classify(images, batch, settings);
      LOG.debug("warm-up of {} images took {} ns", batch, result.inferenceNanos());
    }
  }

  @Override
  public ModelCard card() {
    return card;
  }

  /** Returns why a session on this device passes over GPUs that this build could use, if so. */
  public static Optional<String> unusedGpu(Device inUse) {
    return inUse.kind() == Device.Kind.CPU
            && OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)
        ? Optional.of("this build has CUDA, and no GPU could be used")
        : Optional.empty();
  }

  /** Returns the device in use: never {@code auto}. */
  public Device device() {
    return device;
  }

  /** Returns what runs the model on its device: ONNX Runtime's version and execution provider. */
  public String runtime() {
    return OrtRuntime.on(environment, device);
  }

  /**
   * Ends the profile that the settings asked for.
   *
   * @return the file it is in
   */
  public Path endProfile() {
    try {
      return Path.of(session.endProfiling());
    } catch (OrtException e) {
      throw new InferenceException("cannot write the profile of " + card.name(), e);
    }
  }

  @Override
  public int parallelRuns() {
    return settings.runs();
  }

  /** Returns the threads of one run on a CPU. */
  public int threads() {
    return settings.threads() == 0
        ? Runtime.getRuntime().availableProcessors()
        : settings.threads();
  }

  @Override
  public boolean takesAllCores() {
    return device.kind() == Device.Kind.CPU
        && settings.runs() == 1
        && (settings.threads() == 0
            || settings.threads() >= Runtime.getRuntime().availableProcessors());
  }

  @Override
  public boolean computesAllSlots() {
    return device.kind() == Device.Kind.CUDA;
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    return run(images, numImages, priorities, settings, false);
  }

  @Override
  public BatchResult classifyInDetail(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    return run(images, numImages, priorities, settings, true);
  }

  /** Runs the model in detail on images none of which matters more than the others. */
  public BatchResult classifyInDetail(ByteBuffer images, int numImages, RoutingSettings settings) {
    return classifyInDetail(images, numImages, ImagePriority.equal(numImages), settings);
  }

  private BatchResult run(
      ByteBuffer images,
      int numImages,
      float[] priorities,
      RoutingSettings settings,
      boolean detailed) {
    check(images, numImages, priorities, settings);
    int slots = slots(numImages, settings);
    long started = System.nanoTime();
    try (Inputs inputs = inputs(images, priorities, settings, slots);
        OrtSession.Result outputs = session.run(inputs.tensors, outputNames(detailed))) {
      float[][] logits = (float[][]) output(outputs, GraphOutput.LOGITS).getValue();
      RoutingCounts counts = counts(outputs, numImages);
      byte[] kept =
          detailed && !card.dense()
              ? output(outputs, GraphOutput.KEPT).getByteBuffer().array()
              : new byte[0];
      return new BatchResult(
          logits,
          counts,
          settings,
          slots,
          effectiveRatio(slots, numImages, settings),
          System.nanoTime() - started,
          this.settings.features()
              ? (float[][]) output(outputs, GraphOutput.FEATURES).getValue()
              : new float[0][],
          kept);
    } catch (OrtException e) {
      throw new InferenceException(
          String.format("run of %d images with %s failed on %s", numImages, settings, device), e);
    }
  }

  private void check(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    if ((long) numImages * card.tokensPerImage() > RoutingLimits.MAX_TOKENS) {
      throw new IllegalArgumentException(
          String.format(
              "%d images of %d tokens: at most %d tokens can be routed together",
              numImages, card.tokensPerImage(), RoutingLimits.MAX_TOKENS));
    }
    if (numImages < 1
        || !images.isDirect()
        || images.capacity() < numImages * (long) imageBytes()) {
      throw new IllegalArgumentException(
          String.format(
              "%d images of %d bytes in a %s buffer of %d bytes",
              numImages, imageBytes(), images.isDirect() ? "direct" : "heap", images.capacity()));
    }
    if (priorities.length != numImages) {
      throw new IllegalArgumentException(
          priorities.length + " priorities for " + numImages + " images");
    }
    card.requireExpertsPerToken(settings.expertsPerToken());
  }

  private int imageBytes() {
    return card.imageSize() * card.imageSize() * 3;
  }

  private int numTokens(int numImages) {
    return Math.multiplyExact(numImages, card.tokensPerImage());
  }

  private int slots(int numImages, RoutingSettings settings) {
    return card.slots(numImages, settings.expertsPerToken(), settings.capacityRatio());
  }

  private double effectiveRatio(int slots, int numImages, RoutingSettings settings) {
    return card.dense()
        ? settings.capacityRatio()
        : Capacity.effectiveRatio(
            slots, numTokens(numImages), settings.expertsPerToken(), card.numExperts());
  }

  private Set<String> outputNames(boolean detailed) {
    Set<GraphOutput> wanted = EnumSet.allOf(GraphOutput.class);
    if (card.dense()) {
      wanted.retainAll(Set.of(GraphOutput.LOGITS, GraphOutput.FEATURES));
    } else if (!detailed) {
      wanted.remove(GraphOutput.KEPT);
    }
    if (!settings.features()) {
      wanted.remove(GraphOutput.FEATURES);
    }
    return wanted.stream().map(GraphOutput::label).collect(Collectors.toSet());
  }

  private Inputs inputs(ByteBuffer images, float[] priorities, RoutingSettings settings, int slots)
      throws OrtException {
    int numImages = priorities.length;
    float[] relative = ImagePriority.relative(priorities);
    Inputs inputs = new Inputs();
    try {
      ByteBuffer used = images.duplicate().clear().limit(numImages * imageBytes());
      long[] shape = {numImages, card.imageSize(), card.imageSize(), 3};
      inputs.add(
          GraphInput.IMAGES, OnnxTensor.createTensor(environment, used, shape, OnnxJavaType.UINT8));
      if (!card.dense()) {
        boolean batchPriority = settings.routing() == Routing.BATCH_PRIORITY;
        inputs.add(GraphInput.CAPACITY, OnnxTensor.createTensor(environment, new long[] {slots}));
        inputs.add(
            GraphInput.EXPERTS_PER_TOKEN,
            OnnxTensor.createTensor(environment, new long[] {settings.expertsPerToken()}));
        inputs.add(
            GraphInput.BATCH_PRIORITY,
            OnnxTensor.createTensor(environment, new boolean[] {batchPriority}));
        inputs.add(GraphInput.IMAGE_PRIORITY, OnnxTensor.createTensor(environment, relative));
        if (session.getInputNames().contains(FORMER_GATE_MIN)) {
          inputs.tensors.put(
              FORMER_GATE_MIN, OnnxTensor.createTensor(environment, new float[] {0}));
        }
      }
      return inputs;
    } catch (OrtException e) {
      inputs.close();
      throw e;
    }
  }

  private RoutingCounts counts(OrtSession.Result outputs, int numImages) throws OrtException {
    if (card.dense()) {
      return new RoutingCounts(
          numImages, 0, 0, new int[0], new int[0], new float[0], new float[0], new int[0]);
    }
    return new RoutingCounts(
        numImages,
        card.numLayers(),
        card.numExperts(),
        output(outputs, GraphOutput.ASSIGNED).getIntBuffer().array(),
        output(outputs, GraphOutput.DISPATCHED).getIntBuffer().array(),
        output(outputs, GraphOutput.GATE_SUM).getFloatBuffer().array(),
        output(outputs, GraphOutput.IMPORTANCE).getFloatBuffer().array(),
        output(outputs, GraphOutput.SKIPPED).getIntBuffer().array());
  }

  private static OnnxTensor output(OrtSession.Result outputs, GraphOutput output) {
    return (OnnxTensor)
        outputs
            .get(output.label())
            .orElseThrow(() -> new IllegalStateException("no output " + output.label()));
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new InferenceException("cannot close the session of " + card.name(), e);
    }
  }

  /** The tensors of one run, which own native memory. */
  private static final class Inputs implements AutoCloseable {

    final Map<String, OnnxTensor> tensors = new HashMap<>();

    void add(GraphInput input, OnnxTensor tensor) {
      tensors.put(input.label(), tensor);
    }

    @Override
    public void close() {
      tensors.values().forEach(OnnxTensor::close);
    }
  }
}
