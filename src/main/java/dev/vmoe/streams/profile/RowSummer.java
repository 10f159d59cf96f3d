package dev.vmoe.streams.profile;

import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.topology.BeforeCommit;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Sums parts by model and class. Writes each row that grew once before the commit; the next part
 * begins it anew.
 *
 * @param <K> type of the keys that come
 * @param <V> type of the values that come
 */
abstract class RowSummer<K, V> extends ContextualProcessor<K, V, String, RoutingProfile> {

  private final String beforeCommit;
  private final Room room;
  private final Map<String, RowSum> rows = new HashMap<>();
  private long bytes;

  /**
   * The memory for the rows of all tasks. A task that finds it taken writes its own rows before the
   * commit, if they are worth it: others may have taken the room.
   */
  static final class Room {

    private static final int SHARES = 64;

    private final long maxBytes;
    private final AtomicLong taken = new AtomicLong();

    Room(long maxBytes) {
      this.maxBytes = maxBytes;
    }

    private boolean isTaken(long own) {
      return taken.get() > maxBytes && own > maxBytes / SHARES;
    }
  }

  /**
   * Creates a processor.
   *
   * @param beforeCommit name of its {@link BeforeCommit}
   */
  RowSummer(String beforeCommit, Room room) {
    this.beforeCommit = beforeCommit;
    this.room = room;
  }

  @Override
  public void init(ProcessorContext<String, RoutingProfile> context) {
    super.init(context);
    context.<BeforeCommit>getStateStore(beforeCommit).onCommit(context, this::writeAll);
  }

  /** Adds a part to its row. Where that has another shape, it is written, and a row begun. */
  final void add(String key, RoutingProfile part, long timestamp) {
    RowSum row = rows.get(key);
    if (row != null && row.isLike(part)) {
      row.add(part, timestamp);
      return;
    }
    if (row != null) {
      writeAll();
    }
    RowSum first = new RowSum(part, timestamp);
    rows.put(key, first);
    bytes += first.bytes();
    room.taken.addAndGet(first.bytes());
    if (room.isTaken(bytes)) {
      writeAll();
    }
  }

  private void writeAll() {
    rows.forEach(this::write);
    forget();
  }

  private void forget() {
    rows.clear();
    room.taken.addAndGet(-bytes);
    bytes = 0;
  }

  /** Writes a row. */
  abstract void write(String key, RowSum row);

  @Override
  public void close() {
    forget();
  }
}
