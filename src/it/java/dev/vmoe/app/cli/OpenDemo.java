package dev.vmoe.app.cli;

import dev.vmoe.app.demo.DemoSummary;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.app.demo.ServedDemo;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The served demo with the bundled model, in this process. */
public final class OpenDemo implements AutoCloseable {

  public final VmoeSession session;
  public final ServedDemo demo;
  public final CompletableFuture<DemoSummary> running;

  /** Starts it with this many images a second; 0 for a load that rises and falls. */
  public OpenDemo(double perSecond) throws Exception {
    Path model = BundledModels.vmoe();
    session = VmoeSession.open(model, SessionSettings.on(Device.CPU));
    Map<String, String> properties =
        LocalPipeline.properties(new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY), 32);
    properties.put(Settings.COST_SURVEY_MS, "1000");
    demo =
        new ServedDemo(
            session,
            ProfileFile.find(model, session.card()).orElseThrow(),
            properties,
            0,
            new Progress(new PrintWriter(new StringWriter())));
    running =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return demo.run(perSecond);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  /** Sends a record with this value to the images topic. */
  public void send(byte[] value) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            demo.settings().producerProperties(),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(demo.settings().topic(TopicPlan.IMAGES), value)).get();
    }
  }

  @Override
  public void close() {
    demo.stop();
    running.exceptionally(failure -> null).join();
    demo.close();
    session.close();
  }
}
