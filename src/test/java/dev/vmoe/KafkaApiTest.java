package dev.vmoe;

import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import dev.vmoe.streams.commit.KafkaInternals;
import org.junit.jupiter.api.Test;

/** Kafka promises only the packages that its Javadoc has, and the types of their methods. */
class KafkaApiTest {

  private static final String PUBLIC =
      "(\\[+L)?org\\.apache\\.kafka\\."
          + "(clients\\.(admin|consumer|producer)"
          + "|common(\\.(acl|annotation|config|config\\.types|errors|header|metrics"
          + "|metrics\\.stats|quota|resource|serialization))?"
          + "|streams(\\.(errors|kstream|processor|processor\\.api|query|state))?)"
          + "\\.[^.]+";

  @Test
  void shouldUseOnlyWhatKafkaPromises() {
    DescribedPredicate<JavaClass> notPublic =
        DescribedPredicate.<JavaClass>and(
                nameMatching("(\\[+L)?(org\\.apache\\.)?kafka\\..*").forSubtype(),
                DescribedPredicate.not(nameMatching(PUBLIC).<JavaClass>forSubtype()))
            .as("are not public API of Kafka");
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.vmoe.app.embedded", "dev.vmoe.lab..")
        .and()
        .doNotBelongToAnyOf(KafkaInternals.class)
        .should()
        .dependOnClassesThat(notPublic)
        .check(ServingClasses.all());
  }
}
