package dev.vmoe;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
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

  /** package | may use */
  private static final String TABLE =
      """
      tensor      |
      moe         | tensor
      checkpoint  | tensor
      onnx        | tensor
      model       | tensor moe onnx checkpoint
      image       | moe
      inference   | moe
      capacity    | moe
      settings    | moe capacity
      batch       | moe image inference capacity settings
      event       | settings
      metrics     |
      tracing     | settings metrics
      topics      | settings event
      picture     | moe image
      output      | settings
      dataset     | moe image inference batch event
      modelstore  | moe onnx checkpoint model image inference capacity settings batch dataset
      config      | inference metrics event settings topics output modelstore
      streams     | moe image inference capacity settings batch event metrics tracing topics
      profile     | moe event settings topics output picture streams
      console     | event metrics settings output
      instance    | moe image inference capacity settings batch event metrics tracing topics picture output modelstore config streams profile console
      client      | image event settings output dataset
      doctor      | moe inference settings batch event topics output modelstore config streams instance
      embedded    |
      demo        | moe image inference capacity settings event metrics topics output dataset modelstore instance client console embedded
      cli         | all
      """;

  private static final Pattern WORDS = Pattern.compile("\\w+");

  private static final Map<String, Set<String>> MAY_USE = parse();

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

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
