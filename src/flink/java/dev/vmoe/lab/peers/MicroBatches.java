package dev.vmoe.lab.peers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Answers images in batches: full ones at once, others when the first image has waited a while. An
 * operator, because functions have timers only in keyed streams, and those would send every image
 * through the network stack.
 *
 * <p>Images that wait at a checkpoint are part of it. Answering them first, as one could, would
 * make many small batches at ten checkpoints a second.
 */
final class MicroBatches extends AbstractStreamOperator<ProducerRecord<byte[], byte[]>>
    implements OneInputStreamOperator<
        ConsumerRecord<byte[], byte[]>, ProducerRecord<byte[], byte[]>> {

  private static final long serialVersionUID = 1;

  private final String predictions;
  private final int batch;
  private final long lingerMs;

  private transient List<ConsumerRecord<byte[], byte[]>> waiting;
  private transient ListState<WaitingImage> saved;
  private transient BatchWork work;
  private transient @Nullable ScheduledFuture<?> timer;

  MicroBatches(String predictions, int batch, Duration linger) {
    this.predictions = predictions;
    this.batch = batch;
    this.lingerMs = linger.toMillis();
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    waiting = new ArrayList<>(batch);
    saved =
        context
            .getOperatorStateStore()
            .getListState(new ListStateDescriptor<>("waiting", WaitingImage.class));
    for (WaitingImage image : saved.get()) {
      waiting.add(image.toRecord());
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    work = FlinkMain.work();
    if (!waiting.isEmpty()) {
      answerSoon();
    }
  }

  @Override
  public void processElement(StreamRecord<ConsumerRecord<byte[], byte[]>> image) {
    waiting.add(image.getValue());
    if (waiting.size() >= batch) {
      answer();
    } else if (waiting.size() == 1) {
      answerSoon();
    }
  }

  private void answerSoon() {
    timer =
        getProcessingTimeService()
            .registerTimer(
                getProcessingTimeService().getCurrentProcessingTime() + lingerMs, now -> answer());
  }

  private void answer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    // after a restart with fewer subtasks there may be more than a batch
    for (int from = 0; from < waiting.size(); from += batch) {
      List<ConsumerRecord<byte[], byte[]>> next =
          waiting.subList(from, Math.min(waiting.size(), from + batch));
      for (ProducerRecord<byte[], byte[]> answer : work.answers(next, predictions)) {
        output.collect(new StreamRecord<>(answer));
      }
    }
    waiting.clear();
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    saved.update(waiting.stream().map(WaitingImage::of).toList());
  }
}
