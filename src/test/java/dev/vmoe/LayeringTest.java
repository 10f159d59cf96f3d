package dev.vmoe;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Which package may use which: the ground floor first. */
class LayeringTest {

  private static final String ROOT = "dev.vmoe";
  private static final String ALL = "all";

  /** package | may use */
  private static final String TABLE =
      """
      tensor     |
      moe        |
      checkpoint | tensor
      onnx       | tensor
      model      | tensor moe checkpoint onnx
      image      | moe
      inference  | moe
      capacity   | moe
      settings   | moe capacity
      fetch      | settings
      batch      | moe image inference capacity settings
      event      | settings
      metrics    |
      tracing    | settings metrics
      topics     | settings
      picture    | moe
      output     | settings
      dataset    | moe image inference event
      modelstore | moe checkpoint onnx model image inference capacity settings batch dataset
      commit     | settings batch tracing
      config     | inference settings event metrics topics output modelstore
      intake     | moe settings event topics
      streams    | tensor moe image inference capacity settings fetch batch event metrics tracing topics commit intake
      profile    | moe settings event topics picture output streams
      clips      | settings event topics output streams
      console    | settings metrics output
      instance   | moe image inference capacity settings fetch batch event metrics tracing topics picture output modelstore commit config intake streams profile clips console
      client     | settings event output dataset
      comparison | image settings event picture output intake client
      doctor     | moe inference settings batch event topics output modelstore config streams instance
      embedded   |
      demo       | moe image inference capacity settings event metrics topics output dataset modelstore console instance client embedded
      cli        | all
      """;

  private static final Path HOME = Path.of(System.getProperty("vmoe.home", "."));
  private static final Path MAIN = HOME.resolve("src/main/java/dev/vmoe");

  private static final Pattern WORDS = Pattern.compile("\\w+");

  /** The last sentence of a package-info. */
  private static final Pattern SAID = Pattern.compile("May use: ([^.]+)\\.");

  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?dev\\.vmoe\\.(\\w+)\\.", Pattern.MULTILINE);

  /** A row of the table of packages: name, what it is, what it may use. */
  private static final Pattern ROW =
      Pattern.compile("^\\| `(\\w+)` \\|[^|]*\\|([^|]*)\\|$", Pattern.MULTILINE);

  /** Comments and texts. */
  private static final Pattern NO_CODE =
      Pattern.compile(
          "/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(\\\\.|[^\"\\\\])*\"", Pattern.DOTALL);

  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|record|interface|enum) ([A-Z]\\w*)");

  private static final Map<String, Set<String>> MAY_USE = parse();

  private static final JavaClasses CLASSES = ServingClasses.all();

  @TestFactory
  Stream<DynamicTest> shouldUseOnlyWhatTheTableNames() {
    return MAY_USE.keySet().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> checkUses(name)));
  }

  @Test
  void shouldNameEveryPackage() {
    assertThat(packages().map(LayeringTest::nameOf)).isSubsetOf(MAY_USE.keySet());
  }

  @Test
  void shouldBuildEachFloorOnTheOnesBelow() {
    Set<String> below = new TreeSet<>();
    MAY_USE.forEach(
        (name, uses) -> {
          assertThat(below).as("what %s may use", name).containsAll(uses);
          below.add(name);
        });
  }

  @Test
  void shouldMarkEveryPackageForNullness() {
    assertThat(packages()).isNotEmpty();
    packages()
        .forEach(
            it ->
                assertThat(it.isAnnotatedWith(NullMarked.class))
                    .as("%s has a package-info with @NullMarked", it.getName())
                    .isTrue());
  }

  @Test
  void shouldNameNoPackageThatIsNotUsed() throws IOException {
    for (String name : MAY_USE.keySet()) {
      if (!name.equals("cli")) {
        assertThat(used(name)).as("what %s uses", name).isEqualTo(uses(name));
      }
    }
  }

  @Test
  void shouldHaveNoCircle() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void shouldSayTheSameInEveryPackageInfo() throws IOException {
    for (String name : MAY_USE.keySet()) {
      String info = Files.readString(MAIN.resolve(name).resolve("package-info.java"));
      Matcher said = SAID.matcher(info);
      assertThat(said.find()).as("%s says what it may use", name).isTrue();
      assertThat(said.group(1).strip())
          .as("what the package-info of %s says", name)
          .satisfiesAnyOf(
              text -> assertThat(text).isEqualTo("all packages").matches(it -> name.equals("cli")),
              text ->
                  assertThat(text.equals("none of the others") && uses(name).isEmpty()).isTrue(),
              text -> assertThat(words(text.replace("code", ""))).isEqualTo(uses(name)));
    }
  }

  @Test
  void shouldSayTheSameInTheArchitecture() throws IOException {
    String page = Files.readString(HOME.resolve("src/docs/architecture.md"));
    page = page.substring(page.indexOf("## Packages"), page.indexOf("The lab may use"));
    Map<String, Set<String>> said =
        ROW.matcher(page)
            .results()
            .collect(Collectors.toMap(row -> row.group(1), row -> words(row.group(2))));
    MAY_USE.forEach(
        (name, uses) ->
            assertThat(said.get(name))
                .as("what src/docs/architecture.md says of %s", name)
                .isEqualTo(name.equals("cli") ? Set.of(ALL) : uses));
  }

  @Test
  void shouldHaveNoFileOfMoreThan400Lines() throws IOException {
    for (String root : List.of("src/main/java", "src/lab/java")) {
      try (Stream<Path> files = Files.walk(HOME.resolve(root))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
          assertThat(Files.readAllLines(file)).as("%s", file).hasSizeLessThanOrEqualTo(400);
        }
      }
    }
  }

  @Test
  void shouldGiveEveryClassANameOfItsOwn() throws IOException {
    Map<String, List<String>> places = new TreeMap<>();
    for (String root : List.of("src/main/java", "src/lab/java")) {
      try (Stream<Path> files = Files.walk(HOME.resolve(root))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
          DECLARED
              .matcher(NO_CODE.matcher(Files.readString(file)).replaceAll(""))
              .results()
              .forEach(
                  it ->
                      places
                          .computeIfAbsent(it.group(1), name -> new ArrayList<>())
                          .add(HOME.relativize(file).toString()));
        }
      }
    }
    places.values().removeIf(files -> files.size() == 1);
    assertThat(places).isEmpty();
  }

  @Test
  void shouldKeepTheRecordPathSmall() throws IOException {
    try (Stream<Path> files = Files.list(MAIN.resolve("streams"))) {
      assertThat(files).hasSizeLessThanOrEqualTo(25);
    }
  }

  private static Set<String> uses(String name) {
    return MAY_USE.get(name);
  }

  /** Returns the other packages that the sources of this one import; constants leave no trace. */
  private static Set<String> used(String name) throws IOException {
    Set<String> used = new TreeSet<>();
    try (Stream<Path> files = Files.walk(MAIN.resolve(name))) {
      for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
        IMPORT.matcher(Files.readString(file)).results().forEach(it -> used.add(it.group(1)));
      }
    }
    used.remove(name);
    return used;
  }

  private static void checkUses(String name) {
    String[] others =
        MAY_USE.keySet().stream()
            .filter(other -> !other.equals(name) && !MAY_USE.get(name).contains(other))
            .map(other -> ROOT + "." + other + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + name + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others)
        .because(name + " may use " + MAY_USE.get(name))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  /** The packages that have classes, generated ones included. */
  private static Stream<JavaPackage> packages() {
    return CLASSES.getPackage(ROOT).getSubpackagesInTree().stream()
        .filter(it -> !it.getClasses().isEmpty());
  }

  private static String nameOf(JavaPackage it) {
    String below = it.getName().substring(ROOT.length() + 1);
    return below.contains(".") ? below.substring(0, below.indexOf('.')) : below;
  }

  private static Map<String, Set<String>> parse() {
    Map<String, Set<String>> table = new LinkedHashMap<>();
    TABLE
        .lines()
        .forEach(
            line -> {
              int bar = line.indexOf('|');
              Set<String> uses = words(line.substring(bar + 1));
              table.put(
                  line.substring(0, bar).strip(),
                  uses.contains(ALL) ? Set.copyOf(table.keySet()) : uses);
            });
    return table;
  }

  private static Set<String> words(String text) {
    return WORDS.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
  }
}
