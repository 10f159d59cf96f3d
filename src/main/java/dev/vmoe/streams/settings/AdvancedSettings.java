package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.PASSWORD;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.NonEmptyString;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.jspecify.annotations.Nullable;

/** The settings that most users leave alone, each with its name, default, check and meaning. */
abstract class AdvancedSettings extends EssentialSettings {

  static final String TOPICS_PREFIX = "topics.";

  // Models and what they run on

  public static final String MODELS_DIR =
      text("models.dir", null, new NonEmptyString())
          .means(
              "Folder with a folder for each model, named as the model is. If not set, the models"
                  + " that come with the project are used. A configuration record can name these"
                  + " models only.");

  public static final String MODELS_LADDER =
      text("models.ladder", ModelName.NONE, ModelName.ladderCheck())
          .means(
              "Models that may answer beside the one that model names, in adaptive mode: names of"
                  + " folders in models.dir, separated by commas, or none. Each batch runs the most"
                  + " accurate point of any of them that the load allows. They need its image size,"
                  + " classes and resizing, and quality profiles measured on the same images.");

  public static final String INFERENCE_RUNS =
      number("inference.runs", 0, Range.atLeast(0))
          .means(
              "Batches that run at once. 0: measured at the start. More runs, each on fewer"
                  + " threads, are taken if they answer at least 3 % more images and a full batch"
                  + " still takes at most target.latency.ms; on a GPU two.");

  public static final String INFERENCE_THREADS =
      number("inference.threads", 0, Range.atLeast(0))
          .means("Threads of one run on the CPU; 0 means the number of cores divided by the runs.");

  public static final String INFERENCE_TIMEOUT_MS =
      millis("inference.timeout.ms", 120_000, Range.between(1_000, 270_000))
          .means(
              "Maximum time of one run of the model, in milliseconds. A run cannot be stopped: one"
                  + " that takes longer ends the instance with an error, and others answer its"
                  + " images.");

  public static final String COST_SURVEY_MS =
      millis("cost.survey.ms", 5_000, Range.between(0, 600_000))
          .means(
              "Time limit, in milliseconds, for measuring at the start how long a batch takes at"
                  + " each operating point. With a shorter limit more points are interpolated, and"
                  + " learnt while running. Three times as long where the times are not clear,"
                  + " because something else has the processors.");

  // The operating point

  public static final String CAPACITY_RATIO_MAX =
      ratio("capacity.ratio.max", 1.05).means("Maximum capacity ratio in adaptive mode.");

  public static final String EXPERTS_PER_TOKEN_MIN =
      number("experts.per.token.min", 1, Range.atLeast(0))
          .means("Minimum K in adaptive mode; 0 means the K of the model's training.");

  public static final String EXPERTS_PER_TOKEN_MAX =
      number("experts.per.token.max", 0, Range.atLeast(0))
          .means("Maximum K in adaptive mode; 0 means the K of the model's training.");

  public static final String CAPACITY_RATIO =
      ratio("capacity.ratio", 1.05)
          .means(
              "Requested capacity ratio in fixed mode: slots of all experts divided by the choices"
                  + " of all tokens. At E/K nothing is dropped; higher ratios change nothing.");

  public static final String EXPERTS_PER_TOKEN =
      number("experts.per.token", 0, Range.atLeast(0))
          .means(
              "Experts that each token is sent to (K) in fixed mode; 0 means the K of the model's"
                  + " training.");

  public static final String ROUTING =
      text("routing", "bpr", ValidString.in("bpr", "vanilla"))
          .means(
              "Which tokens claim slots first. bpr: the most important ones of the batch. vanilla:"
                  + " the first ones.");

  // Images

  public static final String IMAGE_MAX_BYTES =
      number("image.max.bytes", 16 * 1024 * 1024, Range.atLeast(1))
          .means("Maximum bytes of an encoded image; larger ones go to the dead-letter topic.");

  public static final String IMAGE_MAX_PIXELS =
      define("image.max.pixels", LONG, 64_000_000L, Range.atLeast(1), Importance.LOW)
          .means(
              "Maximum pixels of an image (height times width, read from the header before anything"
                  + " is allocated); larger ones go to the dead-letter topic.");

  public static final String IMAGE_MAX_PIXELS_PER_BYTE =
      number("image.max.pixels.per.byte", 50, Range.atLeast(1))
          .means(
              "Maximum pixels for each encoded byte of an image of more than 16 megapixels. A"
                  + " photograph has a few; a small file that takes long to decode has hundreds and"
                  + " goes to the dead-letter topic.");

  public static final String DECODE_THREADS =
      number("decode.threads", 0, Range.atLeast(0))
          .means(
              "Threads that decode images. 0 means the number of cores where the model takes them"
                  + " all while it runs (images are then decoded between two runs), else half.");

  public static final String DECODE_MAX_BYTES =
      define("decode.max.bytes", LONG, 0L, Range.atLeast(0), Importance.LOW)
          .means(
              "Maximum memory outside the heap of all images that are being decoded, in bytes. What"
                  + " an image takes is known from its header; it waits until there is room, and"
                  + " one that takes more than this alone goes to the dead-letter topic. 0 means"
                  + " what heap, buffers, model and 234 MiB leave of the memory of the container,"
                  + " else of the machine, and at least 192 MiB.");

  public static final String DECODE_TIMEOUT_MS =
      millis("decode.timeout.ms", 10_000, Range.between(100, 60_000))
          .means(
              "Maximum time to decode one image, in milliseconds. An image that takes longer goes"
                  + " to the dead-letter topic. The largest images take 1.4 s on a core of their"
                  + " own, and several times that on a share of one.");

  public static final String POISON_DEATHS =
      number(
              "poison.deaths",
              4, // Fewer would have images tried one at a time after any end of a process.
              new ValueCheck(
                  "0, or a whole number from 4 to 100",
                  value -> (Integer) value == 0 || (Integer) value >= 4 && (Integer) value <= 100))
          .means(
              "Processes that may end in a row while they work on the same images, without stopping"
                  + " in order. Two before that, the images are tried one at a time; the one that"
                  + " was alone at the last two goes to the dead-letter topic. 0: nothing is"
                  + " counted.");

  public static final String FETCH_PREFIXES =
      list("fetch.prefixes", ValueCheck.addressPrefixes())
          .means(
              "Beginnings of the addresses that images may be fetched from, up to the end of a"
                  + " segment of the path. Schemes: https, file, and http where it is listed."
                  + " Empty: an image by address goes to the dead-letter topic.");

  public static final String FETCH_PRIVATE_HOSTS =
      list(
              "fetch.private.hosts",
              ValueCheck.eachMatching(
                  "[A-Za-z0-9.:-]+",
                  "names or IP addresses of hosts, separated by commas, or empty"))
          .means(
              "Hosts of these addresses that may have an IP address which is not public: of a"
                  + " private network, this machine, or the link. IPv6 without brackets.");

  public static final String FETCH_TIMEOUT_MS =
      millis("fetch.timeout.ms", 10_000, Range.between(100, 600_000))
          .means(
              "Maximum time to fetch one image, with all attempts and redirects, in milliseconds."
                  + " Then it goes to the dead-letter topic. The images behind it in its partition"
                  + " wait for it.");

  // Answers

  public static final String PREDICTIONS_FORMAT =
      text(
              "predictions.format",
              EventFormat.AVRO.label(),
              ValidString.in(EventFormat.AVRO.label(), EventFormat.JSON.label()))
          .means(
              "Format of predictions and utilization events. avro: Confluent's wire format, schema"
                  + " in the registry. json: one object with the same fields, see"
                  + " `schemas/Prediction.schema.json`. The header `content-type` tells which.");

  public static final String PREDICTIONS_TOP =
      text("predictions.top", "5", ValueCheck.matching("all|[1-9]\\d{0,6}", "1 to all"))
          .means("How many classes a prediction names, best first: a number from 1, or all.");

  public static final String PREDICTIONS_FEATURES =
      text("predictions.features", "false", ValidString.in("false", "true", "float16"))
          .means(
              "Whether predictions carry the vector that the model's last layer makes its scores"
                  + " of, for search and transfer: true (float32), float16 or false. Its length is"
                  + " in `vmoe model info`. A model without it, such as an imported ONNX"
                  + " classifier, is then refused.");

  // Topics that exist already, and the schema registry

  static {
    topic(
        "images",
        ValueCheck.topicNames(),
        "Topics that images come by, separated by commas. Each may have its own number of"
            + " partitions; commands that send images use the first.");
    topic("predictions", ValueCheck.topicName(), "Topic of the answers to the images.");
    topic("images.dlq", ValueCheck.topicName(), "Topic of the dead letters of all topics.");
    topic("expert-utilization", ValueCheck.topicName(), "Topic of what the experts did.");
    topic(
        "config", ValueCheck.topicName(), "Topic of the configurations that all instances follow.");
  }

  public static final String REGISTRY_WAIT_MS =
      millis("schema.registry.wait.ms", 900_000, Range.atLeast(0))
          .means(
              "How long an image waits for its schema while the registry does not give it, in"
                  + " milliseconds, and the images behind it in its partition. Then it is a dead"
                  + " letter, with its bytes untouched. Other partitions go on. A start without the"
                  + " schema ids of its group waits for the registry as long as it takes.");

  public static final String REGISTRY_ACCEPT_EMPTY =
      flag("schema.registry.accept.empty")
          .means(
              "Whether an application that has answered images before starts with a registry that"
                  + " has none of its schemas. Images of ids that are lost are dead letters then.");

  // The console

  public static final String CONSOLE_HOST =
      text(
              "console.host",
              "127.0.0.1",
              ValueCheck.matching("[a-zA-Z0-9.:_-]+", "a host name or address"))
          .means(
              "Address at which the console of `vmoe run` (metrics, health, live page) listens:"
                  + " 127.0.0.1 for this machine only, 0.0.0.0 for everybody who can reach it, as"
                  + " in a container. console.token restricts who may see it; console.page decides"
                  + " whether it shows more than metrics and health.");

  public static final String CONSOLE_PORT =
      number("console.port", 8080, Range.between(-1, 65_535))
          .means(
              "Port of the console. 0 takes any free port and logs it; -1 turns the console off.");

  public static final String CONSOLE_PAGE =
      text("console.page", "auto", ValidString.in("auto", "true", "open", "false"))
          .means(
              "Whether the console serves the live page and its data (images, dead letters,"
                  + " configuration, topology) besides metrics and health. auto: only where"
                  + " console.host is a loopback address. On other addresses, true needs a"
                  + " console.token; open shows the page to everybody who can reach it.");

  public static final String CONSOLE_NAMES =
      list(
              "console.names",
              ValueCheck.eachMatching(
                  "[a-zA-Z0-9._-]+(:\\d{1,5})?",
                  "a list of names, such as vmoe.example or vmoe.example:8443"))
          .means(
              "Names under which browsers reach the console, besides addresses, localhost and"
                  + " console.host: usually that of a proxy in front of it, such as vmoe.example."
                  + " Under other names the live page is not served, because they could belong to"
                  + " another site.");

  public static final String CONSOLE_CONFIG_WRITE =
      flag("console.config.write")
          .means(
              "Whether the live page can change the configuration of all instances, as `vmoe config"
                  + " set` does. There are no accounts: everybody who can open the page may.");

  public static final String CONSOLE_TOKEN =
      define("console.token", PASSWORD, null, ValueCheck.token(), Importance.LOW)
          .means(
              "Secret that opens the console, sent as `Authorization: Bearer …` or entered on its"
                  + " page. If not set, the console is open to everybody who can reach it. Health"
                  + " never needs it.");

  public static final String CONSOLE_METRICS_OPEN =
      flag("console.metrics.open").means("Whether metrics are served without console.token.");

  public static final String CONSOLE_TLS_CERTIFICATE =
      text("console.tls.certificate", null, new NonEmptyString())
          .means(
              "PEM file with the console's certificate, followed by those that signed it; or a"
                  + " PKCS12 file (.p12, .pfx) with its key. If not set, the console speaks plain"
                  + " HTTP.");

  public static final String CONSOLE_TLS_KEY =
      text("console.tls.key", null, new NonEmptyString())
          .means("PEM file with the key of console.tls.certificate: PKCS#8 without a password.");

  public static final String CONSOLE_TLS_PASSWORD =
      define("console.tls.password", PASSWORD, null, null, Importance.LOW)
          .means("Password of console.tls.certificate if that is a PKCS12 file.");

  // Operation

  public static final String LOG_FORMAT =
      text("log.format", "text", ValidString.in("text", "json"))
          .means(
              "Format of the log, which always goes to stderr. text: lines for people. json: one"
                  + " object a line, also for everything else that a command prints on stderr.");

  public static final String LOG_LEVEL =
      text("log.level", "INFO", ValueCheck.logLevel()).means("Minimum level of vmoe's own log.");

  public static final String KAFKA_LOG_LEVEL =
      text("kafka.log.level", "WARN", ValueCheck.logLevel())
          .means("Minimum level of the log of Kafka's clients and all other libraries.");

  public static final String STOP_TIMEOUT_MS =
      millis("stop.timeout.ms", 25_000, Range.between(1_000, 600_000))
          .means(
              "Maximum time that `vmoe run` takes to end when it is told to stop, in milliseconds."
                  + " Work that has not ended by then is abandoned; nothing is lost, because other"
                  + " instances answer those images. Keep it below the time after which a"
                  + " supervisor kills (Kubernetes: 30 s).");

  public static final String TRACING_OTLP_ENDPOINT =
      text(
              "tracing.otlp.endpoint",
              null,
              ValueCheck.matching(
                  "https?://[^\\s/]+(/\\S*)?", "an address with http:// or https://"))
          .means(
              "Address of a collector that takes OTLP over HTTP, such as `http://host:4318`. If not"
                  + " set, `OTEL_EXPORTER_OTLP_ENDPOINT` is used; without either there are no"
                  + " traces. Everything else, such as the share of images that is traced, headers"
                  + " and certificates, comes from the variables of OpenTelemetry.");

  AdvancedSettings(Map<String, ?> values) {
    super(values);
  }

  private static Meaning text(String name, @Nullable String byDefault, Validator check) {
    return define(name, STRING, byDefault, check, Importance.LOW);
  }

  private static Meaning number(String name, int byDefault, Validator check) {
    return define(name, INT, byDefault, check, Importance.LOW);
  }

  private static Meaning millis(String name, long byDefault, Validator check) {
    return define(name, LONG, byDefault, check, Importance.LOW);
  }

  private static Meaning ratio(String name, double byDefault) {
    return define(name, DOUBLE, byDefault, ValueCheck.aboveZero(), Importance.LOW);
  }

  private static Meaning flag(String name) {
    return define(name, BOOLEAN, false, null, Importance.LOW);
  }

  private static Meaning list(String name, Validator check) {
    return define(name, LIST, "", check, Importance.LOW);
  }

  /** Defines the setting of a topic's name, by its name in the plan. */
  private static void topic(String planned, Validator check, String meaning) {
    String unused =
        text(TOPICS_PREFIX + planned, null, check)
            .means(meaning + " If not set: topic.prefix and `" + planned + "`.");
  }
}
