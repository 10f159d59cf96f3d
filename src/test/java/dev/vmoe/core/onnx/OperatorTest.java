package dev.vmoe.core.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OperatorTest {

  private final GraphBuilder graph = new GraphBuilder("test");
  private final Value x = graph.input("x", DataType.FLOAT, Extent.named("n"));

  @Test
  void shouldSayHowManyInputsAnOperatorTakes() {
    assertThatThrownBy(() -> graph.node(Operator.GEMM, List.of(x)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Gemm takes 2 to 3 inputs, not 1");
    assertThatThrownBy(() -> graph.node(Operator.ADD, List.of(x, x, x)))
        .hasMessage("Add takes 2 inputs, not 3");
    assertThatThrownBy(() -> graph.node(Operator.CONCAT, List.of(), Attribute.integer("axis", 0)))
        .hasMessage("Concat takes at least 1 inputs, not 0");
  }

  @Test
  void shouldSayHowManyOutputsAnOperatorGives() {
    assertThatThrownBy(() -> graph.node(Operator.TOP_K, List.of(x, x)))
        .hasMessage("TopK gives 2 outputs, not 1");
  }

  @Test
  void shouldSayWhichAttributesAnOperatorHas() {
    assertThatThrownBy(() -> graph.node(Operator.SOFTMAX, List.of(x), Attribute.integer("axes", 1)))
        .hasMessage("Softmax has no attribute axes, only [axis]");
    assertThatThrownBy(() -> graph.node(Operator.SOFTMAX, List.of(x), Attribute.real("axis", 1)))
        .hasMessage("attribute axis of Softmax is INTEGER, not REAL");
    assertThatThrownBy(() -> graph.node(Operator.CAST, List.of(x)))
        .hasMessage("Cast lacks the attributes [to]");
  }

  @Test
  void shouldRefuseAValueOfAnotherGraph() {
    Value stranger = new GraphBuilder("other").input("y", DataType.FLOAT);
    assertThatThrownBy(() -> x.plus(stranger))
        .hasMessage("value y belongs to another graph than test");
  }

  @Test
  void shouldRefuseTwoValuesOfOneName() {
    assertThatThrownBy(() -> graph.input("x", DataType.FLOAT))
        .hasMessage("graph test has two values named x");
  }

  @Test
  void shouldNameEachOperatorOnce() {
    assertThat(Stream.of(Operator.values()).map(Operator::type)).doesNotHaveDuplicates();
  }
}
