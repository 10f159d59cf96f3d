package dev.vmoe.lab.peers;

import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.CheckpointStorageFactory;
import org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage;

/** Checkpoints in the heap, the cheapest place, with room for a batch of large images. */
public final class CheckpointsInMemory implements CheckpointStorageFactory<CheckpointStorage> {

  private static final int MAX_BYTES = 256 << 20;

  @Override
  public CheckpointStorage createFromConfig(ReadableConfig configuration, ClassLoader classes) {
    return new JobManagerCheckpointStorage(MAX_BYTES);
  }
}
