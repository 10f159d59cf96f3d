package dev.vmoe.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which fetches of a partition start, beside those of others. */
class FetchAheadTest extends FetchingFixture {

  @Test
  void shouldLeaveRoomBesideALineThatHangs() throws Exception {
    Fetching fetching = fetching();
    FetchAhead hanging = fetching.openFetchAhead();
    for (int i = 0; i < 20; i++) {
      hanging.fetch(i, root + "hanging");
    }
    await().until(() -> times("hanging") == 4);

    FetchAhead other = fetching.openFetchAhead();
    List<Fetch> images = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      images.add(other.fetch(i, root + "image"));
    }
    await().until(() -> images.stream().allMatch(Fetch::isOver));
    assertThat(times("hanging")).as("half of what may be at once").isEqualTo(4);
    assertThat(fetching.bytes()).isEqualTo(4L * FetchAhead.FIRST_BYTES + 20 * IMAGE.length);

    hanging.close();
    await().until(() -> fetching.bytes() == 20 * IMAGE.length);
    for (int i = 0; i < 20; i++) {
      other.taken(i);
      other.answered(i);
    }
    assertThat(fetching.bytes()).isZero();
  }

  @Test
  void shouldStartTheNextImageWhateverTheRoomOnceNoneBeforeItHasAny() throws Exception {
    maxBytes = 0;
    Fetching fetching = fetching();
    FetchAhead fetchAhead = fetching.openFetchAhead();
    Fetch first = fetchAhead.fetch(1, root + "large");
    Fetch second = fetchAhead.fetch(2, root + "image");
    await().until(first::isOver);
    fetchAhead.startMore();
    assertThat(times("image")).as("the second waits for room").isZero();

    assertThat(first.image()).hasSize(MAX_IMAGE_BYTES);
    fetchAhead.taken(1);
    fetchAhead.startMore();
    assertThat(fetching.bytes()).as("one image beyond the bound").isEqualTo(MAX_IMAGE_BYTES);
    fetchAhead.answered(1);
    fetchAhead.startMore();
    await().until(second::isOver);
    assertThat(second.image()).isEqualTo(IMAGE);
  }

  @Test
  void shouldCutOffWhatNobodyWantsAnyMore() {
    timeout = Duration.ofMinutes(2);
    Fetching fetching = fetching();
    FetchAhead fetchAhead = fetching.openFetchAhead();
    fetchAhead.fetch(1, root + "hanging");
    await().until(() -> times("hanging") == 1);
    fetchAhead.taken(1);
    fetchAhead.answered(1);
    await().until(() -> fetching.bytes() == 0);
  }

  @Test
  void shouldSayWhenTheNextImageIsSlowForWantOfNoRoom() throws Exception {
    maxBytes = 0;
    FetchAhead fetchAhead = fetchAhead();
    Fetch first = fetchAhead.fetch(1, root + "hanging");
    Fetch second = fetchAhead.fetch(2, root + "image");
    await().until(first::isSlow);
    assertThat(second.isSlow()).as("it waits for room").isFalse();
    fetchAhead.close();
    assertThat(first.isSlow()).isFalse();
  }

  @Test
  void shouldAskAgainForWhatIsLargerThanThereWasRoomFor() throws Exception {
    maxBytes = 4 * FetchAhead.FIRST_BYTES; // beside the first, which has 1, it would have 3 of 4
    Fetching fetching = fetching();
    FetchAhead fetchAhead = fetching.openFetchAhead();
    fetchAhead.fetch(1, root + "hanging");
    Fetch large = fetchAhead.fetch(2, root + "large");
    await().until(() -> times("large") == 1 && fetching.bytes() == FetchAhead.FIRST_BYTES);
    assertThat(large.isOver()).isFalse();

    maxBytes = 100 * FetchAhead.FIRST_BYTES;
    fetchAhead.startMore();
    await().until(large::isOver);
    assertThat(large.image()).hasSize(MAX_IMAGE_BYTES);
    assertThat(times("large")).isEqualTo(2);
  }
}
