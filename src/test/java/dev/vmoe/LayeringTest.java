package dev.vmoe;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
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

  private static final Path HOME = Path.of(System.getProperty("vmoe.home", "."));
  private static final Path MAIN = HOME.resolve("src/main/java/dev/vmoe");

  private static final Pattern NAME = Pattern.compile("[\\w.]+");

  /** A row of the table of packages: name, what it is, what it may use. */
  private static final Pattern ROW =
      Pattern.compile("^\\| `([\\w.]+)` \\|[^|]*\\|([^|]*)\\|$", Pattern.MULTILINE);

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

  /** An instance reads model files; what they are made of is read by {@code vmoe model import}. */
  @Test
  void shouldRunAnInstanceWithoutTheImporter() {
    Set<JavaClass> reached = new LinkedHashSet<>();
    Deque<JavaClass> next = new ArrayDeque<>();
    CLASSES.stream()
        .filter(
            it ->
                it.getName().equals(ROOT + ".app.cli.RunCommand")
                    || it.getPackageName().equals(ROOT + ".streams.instance"))
        .forEach(next::add);
    while (!next.isEmpty()) {
      JavaClass each = next.remove();
      if (reached.add(each)) {
        each.getDirectDependenciesFromSelf().forEach(it -> next.add(it.getTargetClass()));
      }
    }
    assertThat(reached)
        .extracting(JavaClass::getName)
        .contains(ROOT + ".streams.models.ModelOpener");
    assertThat(reached)
        .extracting(JavaClass::getPackageName)
        .noneMatch(it -> it.startsWith(ROOT + ".importer") || it.startsWith("org.msgpack"));
  }

  @Test
  void shouldHaveNoCircle() {
    slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void shouldKeepTheCoreFreeOfKafkaAndOfOtherTrees() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.kafka..",
            ROOT + ".event..",
            ROOT + ".fetch..",
            ROOT + ".importer..",
            ROOT + ".streams..",
            ROOT + ".app..")
        .check(CLASSES);
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
    try (Stream<Path> files = Files.list(MAIN.resolve("streams/topology"))) {
      assertThat(files).hasSizeLessThanOrEqualTo(25);
    }
  }

  private static void checkUses(String name) {
    String[] others =
        MAY_USE.keySet().stream()
            .filter(other -> !other.equals(name) && !MAY_USE.get(name).contains(other))
            .map(other -> ROOT + "." + other)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + name)
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
    return it.getName().substring(ROOT.length() + 1);
  }

  /** Reads the only table of packages that there is: name, what it is, what it may use. */
  private static Map<String, Set<String>> parse() {
    String page;
    try {
      page = Files.readString(HOME.resolve("src/docs/architecture.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    page = page.substring(page.indexOf("## Packages"));
    Map<String, Set<String>> table = new LinkedHashMap<>();
    ROW.matcher(page)
        .results()
        .filter(row -> !row.group(1).startsWith("lab."))
        .forEach(
            row -> {
              Set<String> uses = names(row.group(2));
              table.put(row.group(1), uses.contains(ALL) ? Set.copyOf(table.keySet()) : uses);
            });
    return table;
  }

  private static Set<String> names(String text) {
    return NAME.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
  }
}
