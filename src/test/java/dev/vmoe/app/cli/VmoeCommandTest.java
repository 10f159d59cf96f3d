package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class VmoeCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  static Stream<List<String>> commands() {
    CommandLine root =
        VmoeCommand.commandLine(
            new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), null);
    List<List<String>> found = new ArrayList<>();
    collect(root, List.of(), found);
    return found.stream();
  }

  private static void collect(CommandLine command, List<String> path, List<List<String>> found) {
    found.add(path);
    command
        .getSubcommands()
        .forEach(
            (name, below) -> {
              List<String> longer = new ArrayList<>(path);
              longer.add(name);
              collect(below, longer, found);
            });
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldHelpWithEveryCommand(List<String> command) {
    List<String> arguments = new ArrayList<>(command);
    arguments.add("--help");

    assertThat(run(arguments.toArray(String[]::new))).isZero();
    assertThat(out.toString())
        .startsWith(String.join(" ", "Usage: vmoe", String.join(" ", command)).strip())
        .contains("--debug", "--version", "Exit codes:")
        .containsPattern("2 +wrong usage or settings");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldDescribeEveryOption(List<String> path) {
    CommandLine command = VmoeCommand.commandLine(new PrintWriter(out), new PrintWriter(err), null);
    for (String name : path) {
      command = Objects.requireNonNull(command.getSubcommands().get(name));
    }

    assertThat(command.getCommandSpec().options())
        .allSatisfy(option -> assertThat(option.description()).isNotEmpty());
  }

  @Test
  void shouldListTheLabInAGroupOfItsOwn() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .containsPattern("\\R  predict +Classify(.*\\R)+Lab:\\R  lab +Studies");
  }

  @Test
  void shouldTellItsVersion() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString())
        .matches("vmoe \\d+\\.\\d+\\.\\d+\\S*\\RONNX Runtime \\d.* \\(onnxruntime\\)\\RJava .*\\R");
  }

  @Test
  void shouldShowTheUsageWithoutACommand() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).startsWith("Usage: vmoe");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          prodce                              | did you mean produce?
          bench graph --device auto           | vmoe bench is now vmoe lab bench (see vmoe lab --help)
          compare --a x --b y                 | vmoe compare is now vmoe lab compare
          lab                                 | Missing required subcommand (see vmoe lab --help)
          lab bnch                            | did you mean bench?
          topics                              | Missing required subcommand
          produce                             | name files or folders to send, or --sample
          produce --sample a.jpg              | or --sample: one or the other
          produce --sample --label cat        | --sample has labels of its own
          produce --sample --endless --count 3 | --count, --endless: one or the other
          produce --sample --count 0          | --count 0 is below 1
          lab bench graph --device auto           | device auto does not say which graph to build
          lab bench graph --precision fp16        | precision fp16 is not for target cpu
          lab bench graph --variant S/33          | variant 'S/33' is none of S/32
          lab bench graph --ratios 0              | capacity ratio 0.0
          produce --rate 0 a.jpg              | --rate 0.0 is not above 0
          produce --raw --label cat a.jpg     | --raw sends the bytes alone
          produce --raw --priority 2 a.jpg    | --raw sends the bytes alone
          produce --raw --deadline-ms 9 a.jpg | --raw sends the bytes alone
          produce --raw --format json a.jpg   | --raw, --format json: one or the other
          produce --deadline-ms 0 a.jpg       | --deadline-ms 0 is below 1
          produce --priority 0 a.jpg          | --priority 0.0 is outside 0.01 to 100.0
          produce --priority NaN a.jpg        | --priority NaN is outside 0.01 to 100.0
          produce --label a --labels-from-folder a.jpg | one or the other
          consume --max 0                     | --max 0 is below 1
          consume --max many                  | 'many' is not a long
          consume --timeout 0                 | --timeout 0.0 is not above 0
          consume --settings none.properties  | settings file none.properties does not exist
          consume --set batch.max.image=1     | command line: batch.max.image: unknown setting (did you mean batch.max.images?)
          config set                          | Missing required parameter: 'KEY=VALUE'
          config set capacity.ratio           | 'capacity.ratio' is not KEY=VALUE
          config set capacity.ratios=1        | (did you mean capacity.ratio?)
          config set capacity.ratio=0         | capacity.ratio: '0' is not a number above 0
          config set routing=bpr routing=     | routing is given twice
          config set topic.prefix=a           | topic.prefix cannot be changed while instances run
          config history --last 0             | --last 0 is below 1
          topics create --plan none.yaml      | topics file none.yaml does not exist
          topics create --replication-factor 0 | --replication-factor 0 is below 1
          """)
  void shouldAnswerWrongUsageInOneLineAndDoNothing(String arguments, String message) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("vmoe: ").contains(message).hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldFailInOneLineWithoutStackTrace() {
    assertThat(run("produce", folder.toString())).isEqualTo(1);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines("vmoe: no image files in [" + folder + "]");
  }

  @Test
  void shouldShowTheStackTraceForDebugging() {
    assertThat(run("produce", "--debug", folder.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("\tat dev.vmoe.app.cli.ProduceCommand");
  }

  @Test
  void shouldSayWhichBrokersDidNotAnswer() {
    assumeFalse(System.getenv().containsKey("VMOE_BOOTSTRAP_SERVERS"));
    String[] arguments = {
      "topics",
      "describe",
      "--bootstrap-server",
      "127.0.0.1:1",
      "--set",
      "admin.default.api.timeout.ms=300",
      "--set",
      "admin.request.timeout.ms=300"
    };

    assertThat(run(arguments)).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("vmoe: no Kafka broker answered at 127.0.0.1:1 (bootstrap.servers)")
        .hasLineCount(1);
  }

  @Test
  void shouldNotRunWhereTheConsoleCannotListen() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String host = taken.getInetAddress().getHostAddress();
      String[] arguments = {
        "run",
        "--set",
        "model=" + folder.resolve("none.onnx"),
        "--set",
        "console.host=" + host,
        "--set",
        "console.port=" + taken.getLocalPort()
      };

      assertThat(run(arguments)).isEqualTo(2);
      assertThat(err.toString())
          .contains(
              "vmoe: console.host, console.port: cannot listen at %s:%d: the port is in use"
                  .formatted(host, taken.getLocalPort()));
    }
  }

  @Test
  void shouldNameItsOwnOptionWhereTheDemoCannotListen() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());

      assertThat(run("demo", "--serve", "--port", port)).isEqualTo(2);
      assertThat(err.toString())
          .contains("--port: cannot listen at 127.0.0.1:" + port + ": the port is in use")
          .doesNotContain("console.", "-1");
    }
    assertThat(run("demo", "--serve", "--port", "65536")).isEqualTo(2);
    assertThat(run("demo", "--serve", "--port", "-1")).isEqualTo(2);
    assertThat(err.toString())
        .contains("--port 65536 is not from 0 to 65535", "--port -1 is not from 0 to 65535");
  }

  private int run(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments);
  }
}
