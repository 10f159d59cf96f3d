package dev.vmoe.streams.topology;

import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorNode;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.internals.CacheFlushListener;
import org.apache.kafka.streams.state.internals.CachedStateStore;

/**
 * Lets a processor forward what it has kept back, before each commit and in its transaction.
 *
 * <p>Kafka Streams flushes its caches before a commit, but its own caches are for tables and tell
 * only them. So this is an empty store that Kafka Streams takes for a cache. The classes for that
 * are not its public interface: this works with the version in the pom. What a processor keeps back
 * is in no changelog: if the task fails, its transaction is aborted, and it is read again.
 */
public final class BeforeCommit implements StateStore, CachedStateStore<Void, Void> {

  private final String name;
  private Runnable flush = () -> {};
  private boolean open;

  private BeforeCommit(String name) {
    this.name = name;
  }

  /** Returns a builder of such stores, to be connected to the processor. */
  public static StoreBuilder<BeforeCommit> builder(String name) {
    return new Builder(name);
  }

  /**
   * Sets what is done before each commit, as if the calling processor was processing a record. To
   * be called in its {@code init}.
   */
  public void onCommit(ProcessorContext<?, ?> context, Runnable work) {
    InternalProcessorContext<?, ?> internal = (InternalProcessorContext<?, ?>) context;
    ProcessorNode<?, ?, ?, ?> caller = internal.currentNode();
    flush =
        () -> {
          ProcessorNode<?, ?, ?, ?> node = internal.currentNode();
          ProcessorRecordContext record = internal.recordContext();
          internal.setCurrentNode(caller);
          internal.setRecordContext(
              new ProcessorRecordContext(
                  internal.currentSystemTimeMs(), -1, -1, null, new RecordHeaders()));
          try {
            work.run();
          } finally {
            internal.setCurrentNode(node);
            internal.setRecordContext(record);
          }
        };
  }

  @Override
  public void flushCache() {
    flush.run();
  }

  @Override
  public void clearCache() {
    // nothing is stored here; the processor forgets what it keeps when it is closed
  }

  @Override
  public boolean setFlushListener(CacheFlushListener<Void, Void> listener, boolean sendOldValues) {
    return false;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    context.register(root, (key, value) -> {});
    open = true;
  }

  @Override
  public void close() {
    open = false;
    flush = () -> {};
  }

  @Override
  public boolean persistent() {
    return false;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /** Builds the store; it has neither a cache nor a changelog. */
  private record Builder(String name) implements StoreBuilder<BeforeCommit> {

    @Override
    public BeforeCommit build() {
      return new BeforeCommit(name);
    }

    @Override
    public StoreBuilder<BeforeCommit> withCachingEnabled() {
      throw new UnsupportedOperationException("nothing is stored");
    }

    @Override
    public StoreBuilder<BeforeCommit> withCachingDisabled() {
      return this;
    }

    @Override
    public StoreBuilder<BeforeCommit> withLoggingEnabled(Map<String, String> config) {
      throw new UnsupportedOperationException("nothing is stored");
    }

    @Override
    public StoreBuilder<BeforeCommit> withLoggingDisabled() {
      return this;
    }

    @Override
    public Map<String, String> logConfig() {
      return Map.of();
    }

    @Override
    public boolean loggingEnabled() {
      return false;
    }
  }
}
