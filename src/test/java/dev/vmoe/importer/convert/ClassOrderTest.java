package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.model.VmoeArchitecture.Classifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The names of the classes of an imported model. */
class ClassOrderTest {

  @TempDir private Path folder = Path.of("");

  @Test
  void shouldNameClassesInTheOrderOfTheLogits() throws IOException {
    VmoeArchitecture architecture =
        Architectures.of(8, 4, 8, 8, 2, 2, List.of(1), 4, 3, Classifier.TOKEN, 0);
    ParameterTree random = RandomCheckpoint.of(architecture, 9);
    List<String> names = List.of("zebra", "ape", "newt");
    for (int index = 0; index < names.size(); index++) {
      float[] bias = new float[names.size()];
      bias[index] = 100;
      ParameterTree sure = ImportedModels.with(random, "head/bias", Tensor.of(bias, names.size()));
      try (VmoeSession session =
          ImportedModels.open(
              folder,
              sure,
              ImportChoices.withClasses("sure", names),
              Target.CPU,
              "class-" + index)) {
        float[] logits =
            session.classify(
                    ByteBuffer.allocateDirect(8 * 8 * 3),
                    1,
                    new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY))
                .logits()[0];
        assertThat(ScoredClass.top(session.card(), logits, 1).get(0).label())
            .isEqualTo(names.get(index));
      }
    }
  }
}
