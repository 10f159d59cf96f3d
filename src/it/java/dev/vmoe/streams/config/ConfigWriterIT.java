package dev.vmoe.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.PipelineConfig;
import dev.vmoe.streams.topology.Workbench;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Of writers that come between each other, one writes. */
class ConfigWriterIT {

  @Test
  void shouldChangeOnlyWhatIsNamed() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      ConfigWriter writer = workbench.configWriter();
      writer.edit(put("capacity.ratio", "0.5"), "ann", "first");
      ConfigWriter.Written second =
          writer.edit(put("routing", "vanilla"), "bob", null).orElseThrow();

      assertThat(second.before().asSettings()).containsEntry("routing", "bpr");
      assertThat(entries(workbench))
          .extracting(ConfigEntry::overrides)
          .containsExactly(
              Map.of("capacity.ratio", "0.5"),
              Map.of("capacity.ratio", "0.5", "routing", "vanilla"));
      assertThat(entries(workbench)).extracting(ConfigEntry::author).containsExactly("ann", "bob");
      assertThat(writer.edit(put("routing", "vanilla"), "bob", null)).isEmpty();
      assertThat(entries(workbench)).hasSize(2);
    }
  }

  @Test
  void shouldChangeOnlyWhatWasSeen() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      ConfigWriter writer = workbench.configWriter();
      ConfigWriter.Seen nothing = new ConfigWriter.Seen(null, null, Map.of());
      long first =
          writer
              .editSeen(nothing, put("capacity.ratio", "0.5"), "ann", null)
              .orElseThrow()
              .offset();

      assertThatExceptionOfType(ConfigConflictException.class)
          .isThrownBy(() -> writer.editSeen(nothing, put("routing", "vanilla"), "bob", null))
          .withMessageContaining("record " + first + " has been written by now");
      assertThat(entries(workbench)).hasSize(1);
      ConfigWriter.Seen seen = new ConfigWriter.Seen(first, first, Map.of("capacity.ratio", "0.5"));
      assertThat(writer.editSeen(seen, put("routing", "vanilla"), "bob", null)).isPresent();

      long reset = writer.reset("ann", null).orElseThrow().offset();
      ConfigWriter.Seen seenReset = new ConfigWriter.Seen(reset, null, Map.of());
      assertThat(writer.editSeen(seenReset, put("routing", "vanilla"), "bob", null)).isPresent();
    }
  }

  /** As an instance does whose memory is too small for what this writer takes for right. */
  @Test
  void shouldWriteAgainAfterWhatTheInstanceRefused() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        LiveConfiguration instance = workbench.configurationRefusing(4096)) {
      instance.start();
      ConfigWriter writer = workbench.configWriter();
      writer.editSeen(instance.seen(), put("routing", "vanilla"), "ann", null);
      await().until(() -> instance.inForce().isPresent());
      long refused =
          writer
              .editSeen(instance.seen(), put("batch.max.images", "4096"), "ann", null)
              .orElseThrow()
              .offset();
      await().until(() -> instance.lastRefused().filter(it -> it.offset() == refused).isPresent());

      long next =
          writer
              .editSeen(instance.seen(), put("capacity.ratio", "0.5"), "ann", null)
              .orElseThrow()
              .offset();

      await().until(() -> Long.valueOf(next).equals(instance.current().version()));
      assertThat(instance.inForce().orElseThrow().overrides())
          .isEqualTo(Map.of("routing", "vanilla", "capacity.ratio", "0.5"));
    }
  }

  @Test
  void shouldWriteNothingThatBreaksTheLine() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      ConfigWriter writer = workbench.configWriter();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.edit(put("routing", "vanilla"), "ann", "x\n2026 ERROR"))
          .withMessageContaining("note has line breaks");
      workbench.configure(
          PipelineConfig.newBuilder().setAuthor("e\u001b[2J").setNote("x\ny").build());

      assertThat(entries(workbench)).extracting(ConfigEntry::author).containsExactly("e\ufffd[2J");
      assertThat(entries(workbench)).extracting(ConfigEntry::note).containsExactly("x\ufffdy");
    }
  }

  @Test
  void shouldWriteNothingThatIsNotValid() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> workbench.configWriter().edit(put("capacity.ratio.min", "2"), null, null))
          .withMessageContaining("capacity.ratio.min 2.0 is above capacity.ratio.max 1.05");
      assertThat(entries(workbench)).isEmpty();
    }
  }

  @Test
  void shouldRefuseTheWriterThatWasOvertakenByAnother() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      assertThatExceptionOfType(ConfigConflictException.class)
          .isThrownBy(
              () ->
                  workbench
                      .configWriter()
                      .edit(
                          inForce -> {
                            workbench.configWriter().edit(put("routing", "vanilla"), "fast", null);
                            return put("routing", "bpr").apply(inForce);
                          },
                          "slow",
                          null))
          .withMessageContaining("nothing was written");
      assertThat(entries(workbench)).extracting(ConfigEntry::author).containsExactly("fast");
    }
  }

  @Test
  void shouldRefuseTheWriterThatWasOvertakenByAPlainProducer() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      PipelineConfig plain = PipelineConfig.newBuilder().setAuthor("plain").build();
      assertThatExceptionOfType(ConfigConflictException.class)
          .isThrownBy(
              () ->
                  workbench
                      .configWriter()
                      .edit(
                          inForce -> {
                            configure(workbench, plain);
                            return put("routing", "vanilla").apply(inForce);
                          },
                          "slow",
                          null))
          .withMessageContaining("nothing was written");
      assertThat(entries(workbench)).extracting(ConfigEntry::author).containsExactly("plain");
      // What was rolled back does not stand in anybody's way.
      assertThat(workbench.configWriter().edit(put("routing", "vanilla"), "next", null))
          .isPresent();
      assertThat(entries(workbench))
          .extracting(ConfigEntry::author)
          .containsExactly("plain", "next");
    }
  }

  @Test
  void shouldSayWhoReset() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      ConfigWriter writer = workbench.configWriter();
      assertThat(writer.reset("ann", "nothing to reset")).isEmpty();
      writer.edit(put("routing", "vanilla"), "ann", null);
      writer.reset("bob", "enough");
      await().until(() -> entries(workbench).size() == 2); // the broker ends it a moment later

      ConfigEntry reset = entries(workbench).get(1);
      assertThat(reset.author()).isEqualTo("bob");
      assertThat(reset.note()).isEqualTo("enough");
      assertThat(reset.settings().version()).isNull();
    }
  }

  private static UnaryOperator<Map<String, String>> put(String key, String value) {
    return inForce -> {
      inForce.put(key, value);
      return inForce;
    };
  }

  private static void configure(Workbench workbench, PipelineConfig config) {
    try {
      workbench.configure(config);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static List<ConfigEntry> entries(Workbench workbench) {
    ConfigReader reader =
        new ConfigReader(
            workbench.registry, workbench.settings(Map.of()), UnaryOperator.identity());
    List<ConfigEntry> entries = new ArrayList<>();
    try (ConfigLog log =
        new ConfigLog(
            workbench.settings(Map.of()).consumerProperties(), workbench.topic("config"))) {
      log.readToEnd(Duration.ofSeconds(20), record -> entries.add(reader.read(record)));
    }
    return entries;
  }
}
