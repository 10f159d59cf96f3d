package dev.vmoe.app.cli;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One fault that the doctor has to name.
 *
 * @param status of its line
 * @param subject of its line, with {@code ~} for the topic prefix
 * @param said texts in its message and advice
 */
record DoctorFault(
    String name, Breaking breaking, String status, String subject, List<String> said) {

  /** Breaks something; returns further arguments of the command. */
  @FunctionalInterface
  interface Breaking {
    List<String> in(DoctorFaultsIT test) throws Exception;
  }

  @Override
  public String toString() {
    return name;
  }

  private static DoctorFault set(
      String name, String setting, String status, String subject, String... said) {
    return new DoctorFault(name, test -> List.of("--set", setting), status, subject, List.of(said));
  }

  private static DoctorFault fault(
      String name, Breaking breaking, String status, String subject, String... said) {
    return new DoctorFault(name, breaking, status, subject, List.of(said));
  }

  static Stream<DoctorFault> all() {
    return Stream.of(
        set(
            "a misspelled setting",
            "batch.max.image=3",
            "failed",
            "settings",
            "batch.max.image: unknown setting (did you mean batch.max.images?)"),
        set(
            "settings that contradict each other",
            "capacity.ratio.min=2",
            "failed",
            "settings",
            "capacity.ratio.min 2.0 is above capacity.ratio.max 1.05"),
        set(
            "a client's misspelled setting",
            "streams.num.stream.treads=2",
            "warning",
            "settings",
            "streams.num.stream.treads: no client of Kafka",
            "did you mean num.stream.threads?"),
        set(
            "a key without its certificate",
            "console.tls.key=/none.pem",
            "failed",
            "console",
            "of no use without console.tls.certificate"),
        set(
            "no broker at the address",
            "bootstrap.servers=127.0.0.1:9",
            "failed",
            "broker",
            "127.0.0.1:9 (PLAINTEXT)",
            "correct bootstrap.servers"),
        fault(
            "a broker that is silent",
            DoctorFaultsIT::silentBroker,
            "failed",
            "broker",
            "correct bootstrap.servers"),
        set(
            "a broker with an unknown name",
            "bootstrap.servers=none.invalid:9092",
            "failed",
            "broker",
            "none.invalid:9092",
            "No resolvable bootstrap urls"),
        set(
            "no registry at the address",
            "schema.registry.url=http://127.0.0.1:9",
            "failed",
            "registry",
            "http://127.0.0.1:9",
            "correct schema.registry.url"),
        fault(
            "a registry that is silent",
            DoctorFaultsIT::silentRegistry,
            "failed",
            "registry",
            "timed out"),
        fault(
            "a missing topic",
            test -> test.delete("images.dlq"),
            "failed",
            "topic ~images.dlq",
            "it does not exist",
            "vmoe topics create"),
        fault(
            "too few partitions",
            test -> test.recreate("images", 1, Map.of()),
            "warning",
            "topic ~images",
            "partitions: 1, planned 6"),
        fault(
            "configurations without an order",
            test -> test.recreate("config", 2, Map.of()),
            "failed",
            "topic ~config",
            "2 partitions",
            "exactly 1"),
        fault(
            "a topic that loses configurations",
            test -> test.recreate("config", 1, Map.of("retention.ms", "1000")),
            "warning",
            "topic ~config",
            "retention.ms: 1000, planned -1"),
        fault(
            "predictions that do not fit",
            test -> test.recreate("predictions", 6, Map.of("max.message.bytes", "1000")),
            "failed",
            "record sizes",
            "~predictions takes records of at most 1000 bytes",
            "524288 or more"),
        fault(
            "utilization that does not fit",
            test -> {
              test.recreate("expert-utilization", 6, Map.of("max.message.bytes", "200000"));
              return List.of("--set", "predictions.format=json");
            },
            "warning",
            "record sizes",
            "~expert-utilization takes records of at most 200000 bytes",
            "raise its max.message.bytes"),
        fault(
            "dead letters that do not fit",
            test -> test.recreate("images.dlq", 1, Map.of("max.message.bytes", "1000")),
            "warning",
            "record sizes",
            "~images.dlq of 1000",
            "raise the latter's"),
        set(
            "transactions longer than the broker allows",
            "producer.transaction.timeout.ms=1000000",
            "failed",
            "broker settings",
            "transaction.max.timeout.ms = 900000",
            "may take 1000000 ms"),
        set(
            "sessions shorter than the broker allows",
            "consumer.session.timeout.ms=1500",
            "failed",
            "broker settings",
            "consumer.session.timeout.ms is 1500",
            "6000 to 1800000"),
        fault(
            "an incompatible schema",
            DoctorFaultsIT::otherSchema,
            "failed",
            "schema ~predictions-value",
            "not compatible"),
        set(
            "no model",
            "model=/nowhere/m.onnx",
            "failed",
            "model",
            "/nowhere/m.onnx does not exist",
            "vmoe model import"),
        fault(
            "no model at all",
            test -> List.of("--set", "model=" + test.folder),
            "failed",
            "model",
            "vmoe model import"),
        fault(
            "a model file of random bytes",
            DoctorFaultsIT::rubbish,
            "failed",
            "model",
            "m.onnx",
            "vmoe model import"),
        fault("a truncated model", DoctorFaultsIT::cut, "failed", "model", "cut.onnx"),
        fault(
            "a model whose middle is overwritten",
            DoctorFaultsIT::overwritten,
            "failed",
            "model",
            "cannot load"),
        fault(
            "a model beside the sums of another",
            DoctorFaultsIT::foreignSums,
            "failed",
            "model files",
            "sums.onnx is not the file that SHA256SUMS lists",
            "copy the model again"),
        fault(
            "a configured model that cannot be loaded",
            test -> test.configured(DoctorFaultsIT::spoil),
            "warning",
            "configuration",
            "configuration 2 is refused",
            "cannot load",
            "other",
            "vmoe config set"),
        fault(
            "a configured model beside the sums of another",
            test -> test.configured(DoctorFixture::writeForeignSums),
            "warning",
            "configuration",
            "configuration 2 is refused",
            "model.onnx is not the file that SHA256SUMS lists"),
        fault(
            "a configured model that is gone",
            test -> test.configured(file -> Files.delete(file)),
            "warning",
            "configuration",
            "no model 'other'"),
        fault(
            "another model's profile",
            DoctorFaultsIT::foreignProfile,
            "failed",
            "quality profile",
            "belongs to another model",
            "vmoe lab sweep"),
        fault(
            "no profile",
            DoctorFaultsIT::noProfile,
            "warning",
            "quality profile",
            "does not exist",
            "vmoe lab sweep"),
        set(
            "a K that the model does not have",
            "experts.per.token=7",
            "failed",
            "batch",
            "experts.per.token: K 7 outside 1 to 2"),
        set(
            "a GPU that is not there",
            "device=cuda:9",
            "failed",
            "device",
            "cuda:9",
            "device = auto or cpu does without"),
        fault(
            "a directory that cannot be made",
            DoctorFaultsIT::noDirectory,
            "failed",
            "native libraries",
            "cannot be made",
            DoctorFaultsIT.CACHE),
        fault(
            "a port in use",
            DoctorFaultsIT::portInUse,
            "failed",
            "console",
            "the console cannot listen at",
            "another instance"));
  }
}
