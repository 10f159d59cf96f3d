package dev.vmoe.lab;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Which package of the lab may use which: the ground floor first. All of them may use serving. */
class LabLayeringTest {

  private static final String ROOT = "dev.vmoe.lab.";

  /** Serving packages that nothing but the commands may use. */
  private static final Set<String> FOR_COMMANDS = Set.of("dev.vmoe.app.cli", "dev.vmoe.app.doctor");

  private static final Map<String, Set<String>> MAY_USE = parse();

  /** As the build compiled them: the tests see a copy among their own classes. */
  private static final JavaClasses CLASSES = compiled("lab-classes");

  private static final JavaClasses SERVING = compiled("classes");

  private static JavaClasses compiled(String folder) {
    return new ClassFileImporter().importPath(Path.of("target", folder));
  }

  @Test
  void shouldUseOnlyWhatTheTableNames() {
    for (JavaClass used : CLASSES) {
      for (Dependency dependency : used.getDirectDependenciesFromSelf()) {
        String room = room(used);
        String target = dependency.getTargetClass().getPackageName();
        if (target.startsWith(ROOT) && !room(dependency.getTargetClass()).equals(room)) {
          assertThat(MAY_USE.get(room))
              .as(dependency.getDescription())
              .contains(room(dependency.getTargetClass()));
        }
        if (FOR_COMMANDS.contains(target)) {
          assertThat(room).as(dependency.getDescription()).isEqualTo("cli");
        }
      }
    }
  }

  @Test
  void shouldNameEveryPackageAndBuildEachFloorOnTheOnesBelow() {
    assertThat(CLASSES.stream().map(LabLayeringTest::room).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(MAY_USE.keySet());
    Set<String> below = new TreeSet<>();
    MAY_USE.forEach(
        (name, uses) -> {
          assertThat(below).as("what %s may use", name).containsAll(uses);
          below.add(name);
        });
  }

  @Test
  void shouldBeUnknownToServing() {
    noClasses().should().dependOnClassesThat().resideInAPackage(ROOT + ".").check(SERVING);
  }

  @Test
  void shouldUseThePeersLibraryInTheirPackageOnly() {
    for (JavaClasses classes : List.of(SERVING, CLASSES)) {
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "peers")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.confluent.parallelconsumer..")
          .check(classes);
    }
  }

  @Test
  void shouldHaveNoCircleOfPackages() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void shouldMarkEveryPackageForNullness() {
    for (String name : MAY_USE.keySet()) {
      assertThat(CLASSES.getPackage(ROOT + name).isAnnotatedWith(NullMarked.class))
          .as("%s has a package-info with @NullMarked", name)
          .isTrue();
    }
  }

  private static String room(JavaClass it) {
    assertThat(it.getPackageName()).startsWith(ROOT);
    return it.getPackageName().substring(ROOT.length());
  }

  /** Reads the rows of the lab in the only table of packages that there is. */
  private static Map<String, Set<String>> parse() {
    String page;
    try {
      page =
          Files.readString(
              Path.of(System.getProperty("vmoe.home", "."), "src/docs/architecture.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, Set<String>> table = new LinkedHashMap<>();
    page.lines()
        .filter(line -> line.startsWith("| `lab."))
        .map(line -> line.replace("`", "").split("\\|"))
        .forEach(
            cells ->
                table.put(
                    cells[1].strip().substring("lab.".length()),
                    Stream.of(cells[3].split(","))
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .collect(Collectors.toSet())));
    return table;
  }
}
