package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.ImagePriority;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One partition under a load beyond all points, simulated: who expires, and what still runs. */
class ExpiryLoadTest extends BatcherFixture {

  private static final long MS = 1_000_000;
  private static final int FULL = 32;
  private static final int IN_FLIGHT = 128;
  private static final long BUDGET = 850 * MS;
  private static final int IMAGES = 20_000;

  /** A run of n images takes 4 ms and 2 ms an image: 471 images a second at most. */
  private static long run(int images) {
    return 4 * MS + 2 * MS * images;
  }

  private static final double MAX_PER_SECOND = FULL / (run(FULL) / 1e9);

  private final Expiry<Integer> expiry = new Expiry<>();
  private final Deque<MicroBatch<Integer>> queue = new ArrayDeque<>();
  private BatchTerms terms;
  private int inFlight;
  private int answered;
  private int late;
  private int expired;

  @ParameterizedTest(name = "load {0}, runs vary by {1}, slow by {2}")
  @CsvSource({
    "1.3, 0, 1",
    "1.3, 0.1, 1",
    "1.1, 0.1, 1",
    "2, 0.1, 1",
    "3, 0.1, 1",
    "1.3, 0.1, 1.08"
  })
  void shouldAnswerInTimeAtNearlyTheFullRate(double load, double noise, double slow) {
    fastestRun = ExpiryLoadTest::run;
    terms = terms(FULL, Long.MAX_VALUE, NEVER_LINGERS).get();
    Random random = new Random(5);
    long between = Math.round(1e9 / (load * MAX_PER_SECOND));
    long now = 0;
    int next = 0;
    while (next < IMAGES) {
      now = Math.max(now, queue.isEmpty() ? next * between : 0);
      next = takeIn(next, now, between);
      MicroBatch<Integer> batch = queue.removeFirst();
      batch.startNanos = now;
      expiry.check(batch, now);
      expiry.began(batch);
      int images = batch.toRun();
      if (images > 0) {
        long end = now + Math.round(slow * run(images) * (1 + noise * random.nextGaussian()));
        while (next < IMAGES && next * between < end && inFlight < IN_FLIGHT) {
          next = takeIn(next, next * between, between);
        }
        now = end;
      }
      finish(batch, now, images);
    }
    assertThat(answered + expired + inFlight).isEqualTo(IMAGES);
    double perSecond = answered / (now / 1e9);
    assertThat(perSecond * slow).isGreaterThan(0.95 * Math.min(1, load) * MAX_PER_SECOND);
    assertThat(late).isLessThanOrEqualTo(answered / 100);
    assertThat(expired).isPositive();
  }

  /** Takes in what has come, as long as there is room. */
  private int takeIn(int next, long now, long between) {
    int taken = next;
    while (taken < IMAGES && taken * between <= now && inFlight < IN_FLIGHT) {
      long due = taken * between + BUDGET;
      BatchEntry<Integer> entry =
          BatchEntry.submitted(taken, ImagePriority.DEFAULT, new byte[1], due, now);
      expiry.arrived(entry, queue, terms);
      if (queue.isEmpty() || queue.getLast().flushReason != null) {
        queue.addLast(new MicroBatch<>("" + taken, terms, now));
      }
      queue.getLast().add(entry);
      queue.getLast().closeIfDue(now, true);
      inFlight++;
      taken++;
    }
    return taken;
  }

  private void finish(MicroBatch<Integer> batch, long now, int images) {
    batch.run = new BatchRun("", classifier.card(), images, FlushReason.SIZE, 0, null, null, 0);
    expiry.ended(batch, now);
    for (BatchEntry<Integer> entry : batch.entries) {
      inFlight--;
      if (entry.expired()) {
        expired++;
      } else {
        answered++;
        late += now > entry.dueNanos ? 1 : 0;
      }
    }
  }
}
