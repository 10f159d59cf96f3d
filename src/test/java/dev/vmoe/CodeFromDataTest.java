package dev.vmoe;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** No data may choose which class is loaded or which code runs. */
class CodeFromDataTest {

  private static final JavaClasses CLASSES = ServingClasses.all();

  @Test
  void shouldReadNoSerializedObjects() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.io\\.ObjectInputStream|java\\.beans\\.XMLDecoder")
        .check(CLASSES);
  }

  @Test
  void shouldLoadNoClassByName() {
    noClasses()
        .should()
        .callMethodWhere(
            target(nameMatching("forName|loadClass|defineClass|findClass"))
                .and(
                    target(
                        owner(
                            nameMatching(
                                "java\\.lang\\.(Class|ClassLoader|invoke\\.MethodHandles.*)")))))
        .check(CLASSES);
  }

  @Test
  void shouldNotLetJsonNameTypes() {
    noClasses()
        .should()
        .callMethodWhere(
            target(nameMatching("activateDefaultTyping.*|enableDefaultTyping.*|setDefaultTyping"))
                .and(target(owner(nameMatching("com\\.fasterxml\\.jackson\\..*")))))
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(JsonTypeInfo.class)
        .check(CLASSES);
  }

  /** Jackson's YAML parser yields events; SnakeYAML's own constructors make objects of tags. */
  @Test
  void shouldNotLetYamlNameTypes() {
    noClasses().should().dependOnClassesThat().resideInAPackage("org.yaml..").check(CLASSES);
  }

  @Test
  void shouldRunNoScripts() {
    noClasses()
        .should()
        .dependOnClassesThat(resideInAnyPackage("javax.script..", "javax.naming..", "java.rmi.."))
        .check(CLASSES);
  }

  /** Only the registry of demo and tests is another program. */
  @Test
  void shouldStartNoOtherProgram() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.vmoe.app.embedded")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.(Process|ProcessBuilder|Runtime\\$Exec)")
        .check(CLASSES);
  }

  /** Shown to find what it looks for. */
  @Test
  void shouldFindWhatIsForbiddenWhereItIs() {
    JavaClasses here = new ClassFileImporter().importClasses(Forbidden.class);

    org.assertj.core.api.Assertions.assertThatThrownBy(
            () ->
                noClasses()
                    .should()
                    .callMethodWhere(
                        target(nameMatching("activateDefaultTyping.*"))
                            .and(target(owner(nameMatching("com\\.fasterxml\\.jackson\\..*")))))
                    .check(here))
        .isInstanceOf(AssertionError.class);
  }

  @SuppressWarnings("unused")
  private static final class Forbidden {
    ObjectMapper mapper() {
      return new ObjectMapper()
          .activateDefaultTyping(new ObjectMapper().getPolymorphicTypeValidator());
    }
  }
}
