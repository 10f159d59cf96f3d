package dev.vmoe.core.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

  @ParameterizedTest
  @ValueSource(strings = {"auto", "cpu", "cuda:0", "cuda:3"})
  void shouldKeepItsLabel(String label) {
    assertThat(Device.ofLabel(label).label()).isEqualTo(label);
  }

  @Test
  void shouldTakeCudaAsTheFirstGpu() {
    assertThat(Device.ofLabel("cuda")).isEqualTo(new Device(Device.Kind.CUDA, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "CPU"})
  void shouldRefuseWhatNamesNoDevice(String label) {
    assertThatThrownBy(() -> Device.ofLabel(label))
        .hasMessage("device '" + label + "' is none of auto, cpu, cuda, cuda:N");
  }
}
