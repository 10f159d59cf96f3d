package dev.vmoe.streams.clips;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.Clip;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.topology.SkippedRecords;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the windows of the keys of a partition: adds each frame, closes windows of silent keys, and
 * forgets keys that stay silent. Predictions without a key or with wrong contents are skipped:
 * anybody may have written them.
 *
 * <p>Silence is measured by the wall clock from a key's last frame that was not late. So a camera
 * whose clock was set back is taken up again once its old time is forgotten.
 */
final class ClipProcessor extends ContextualProcessor<byte[], byte[], byte[], Clip> {

  /** A window is closed when its length and this have passed without a frame: after a fail-over. */
  static final Duration SILENCE = Duration.ofSeconds(30);

  /** A key is forgotten when this and the length of so many windows have passed. */
  static final Duration MEMORY = Duration.ofMinutes(10);

  static final int MEMORY_WINDOWS = 10;

  /** Maximum keys of a partition; beyond it, the longest silent one is closed or forgotten. */
  static final int MAX_KEYS = 20_000;

  /** Maximum bytes of a key. */
  static final int MAX_KEY_BYTES = 1024;

  /** Each look makes a commit. */
  private static final Duration LOOK = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(ClipProcessor.class);

  private final EventReader<Prediction> predictions;
  private final ClipWindows windows;
  private final String storeName;
  private final SkippedRecords skipped = new SkippedRecords(log, "in no clip, no frame of a key");
  private final SkippedRecords late = new SkippedRecords(log, "in no clip, late");

  /** When keys were last seen, the longest silent one first: those with an open window, others. */
  private final Map<Bytes, Long> open = new LinkedHashMap<>();

  private final Map<Bytes, Long> closed = new LinkedHashMap<>();

  @SuppressWarnings("NullAway.Init") // init
  private KeyValueStore<Bytes, Clip> states;

  ClipProcessor(RegistryClient registry, ClipWindows windows, String storeName) {
    this.predictions = new EventReader<>(registry, Prediction.class);
    this.windows = windows;
    this.storeName = storeName;
  }

  @Override
  public void init(ProcessorContext<byte[], Clip> context) {
    super.init(context);
    states = context.getStateStore(storeName);
    open.clear();
    closed.clear();
    try (KeyValueIterator<Bytes, Clip> all = states.all()) {
      while (all.hasNext()) {
        KeyValue<Bytes, Clip> one = all.next();
        seen(one.key, one.value);
      }
    }
    context.schedule(LOOK, PunctuationType.WALL_CLOCK_TIME, now -> look());
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    ClipFrame frame = frame(record);
    if (frame == null) {
      return;
    }
    Bytes key = Bytes.wrap(record.key());
    ClipWindows.WindowStep step = windows.add(states.get(key), frame);
    take(key, step);
    if (step.late()) {
      late.add(context(), "its window had been closed");
    } else {
      seen(key, step.state());
    }
  }

  private @Nullable ClipFrame frame(Record<byte[], byte[]> record) {
    try {
      if (record.key() == null || record.value() == null) {
        throw new IllegalArgumentException("it has no key, or no value");
      }
      if (record.key().length > MAX_KEY_BYTES) {
        throw new IllegalArgumentException("its key has " + record.key().length + " bytes");
      }
      return ClipFrame.of(predictions.read(record.value()), record.timestamp());
    } catch (BadRecordException | IllegalArgumentException e) {
      skipped.add(context(), OneLine.of(String.valueOf(e.getMessage())));
      return null;
    }
  }

  private void take(Bytes key, ClipWindows.WindowStep step) {
    states.put(key, step.state());
    Clip clip = step.clip();
    if (clip != null) {
      context().forward(new Record<>(key.get(), clip, clip.getLatestTime()));
    }
  }

  private void seen(Bytes key, Clip state) {
    open.remove(key);
    closed.remove(key);
    (ClipWindows.isOpen(state) ? open : closed).put(key, context().currentSystemTimeMs());
    if (open.size() + closed.size() > MAX_KEYS) {
      forgetOne();
    }
  }

  private void forgetOne() {
    Bytes oldest = (closed.isEmpty() ? open : closed).keySet().iterator().next();
    Clip state = states.get(oldest);
    if (open.remove(oldest) != null && state != null) {
      take(oldest, windows.close(state));
    }
    closed.remove(oldest);
    states.delete(oldest);
  }

  /** Closes and forgets what was silent for long enough. */
  private void look() {
    long now = context().currentSystemTimeMs();
    long memoryMs = Math.max(MEMORY.toMillis(), MEMORY_WINDOWS * windows.lengthMs());
    due(
        open,
        now - windows.lengthMs() - SILENCE.toMillis(),
        (key, seen) -> {
          Clip state = states.get(key);
          if (state != null) {
            take(key, windows.close(state));
            closed.put(key, now);
          }
        });
    due(closed, now - memoryMs, (key, seen) -> states.delete(key));
  }

  /** Takes out those that were last seen at a time or before. */
  private static void due(Map<Bytes, Long> keys, long time, BiConsumer<Bytes, Long> taker) {
    for (Iterator<Map.Entry<Bytes, Long>> all = keys.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Bytes, Long> one = all.next();
      if (one.getValue() > time) {
        return;
      }
      all.remove();
      taker.accept(one.getKey(), one.getValue());
    }
  }
}
