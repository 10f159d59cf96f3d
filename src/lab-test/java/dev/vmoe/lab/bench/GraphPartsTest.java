package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GraphPartsTest {

  private static final VmoeArchitecture ARCHITECTURE =
      Architectures.of(
          12, 4, 24, 32, 2, 4, List.of(1, 3), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  @TempDir Path folder;

  @Test
  void shouldTellPartsByTheScopesInTheNodesNames() {
    GraphParts parts =
        GraphParts.of(
            new OperatorProfile(
                List.of(
                    node("encoderblock_0/Gemm", "Gemm", 100),
                    node("encoderblock_1/moe/routing/TopK", "TopK", 3),
                    node("encoderblock_1/moe/routing/TopK_2", "TopK", 2),
                    node("encoderblock_1/moe/dispatch/Gather", "Gather", 4),
                    node("encoderblock_1/moe/experts/3/Gemm", "Gemm", 80),
                    node("encoderblock_1/moe/combine/MatMul", "MatMul", 6),
                    node("encoderblock_1/moe/counts/MatMul", "MatMul", 5))));
    assertThat(parts.moeMicros())
        .containsEntry(GraphParts.MoePart.ROUTING, 5.0)
        .containsEntry(GraphParts.MoePart.DISPATCH, 4.0)
        .containsEntry(GraphParts.MoePart.EXPERTS, 80.0)
        .containsEntry(GraphParts.MoePart.COMBINE, 6.0)
        .containsEntry(GraphParts.MoePart.COUNTS, 5.0);
    assertThat(parts.operatorMicros()).containsEntry("Gemm", 180.0).containsEntry("TopK", 5.0);
    assertThat(parts.moeOverheadShare()).isEqualTo(0.2, within(1e-9));
    assertThat(parts.micros()).isEqualTo(200);
  }

  private static OperatorProfile.Node node(String name, String operator, double micros) {
    return new OperatorProfile.Node(name, operator, micros);
  }

  /** ONNX Runtime renames what it fuses: what is profiled must still say where it stands. */
  @ParameterizedTest
  @EnumSource
  void shouldFindEveryPartInTheProfileOfARun(Target target) throws IOException {
    Path file = folder.resolve("model.onnx");
    ModelImport.write(
        RandomCheckpoint.of(ARCHITECTURE, 5), ImportOptions.named("m"), Form.of(target), file);
    SessionSettings settings = new SessionSettings(Device.CPU, 1, false, List.of());
    OperatorProfile profile;
    try (VmoeSession session =
        VmoeSession.open(file, settings.profiledTo(folder.resolve("profile")))) {
      ByteBuffer images = ByteBuffer.allocateDirect(64 * 12 * 12 * 3);
      for (int run = 0; run < 5; run++) {
        session.classify(images, 64, new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY));
      }
      profile = OperatorProfile.read(session.endProfile(), 2);
    }

    assertThat(GraphParts.of(profile).moeMicros()).containsOnlyKeys(GraphParts.MoePart.values());
    List<OperatorProfile.Node> experts =
        profile.nodes().stream().filter(node -> node.name().contains("/moe/experts/")).toList();
    assertThat(experts)
        .extracting(OperatorProfile.Node::operator)
        .isSubsetOf("MatMul", "Gemm", "FastGelu", "Add", "Reshape", "FusedMatMul");
    assertThat(profile.nodes())
        .filteredOn(node -> node.operator().equals("TopK"))
        .hasSize(2 * 2)
        .allSatisfy(node -> assertThat(node.name()).contains("/moe/routing/"));
  }
}
