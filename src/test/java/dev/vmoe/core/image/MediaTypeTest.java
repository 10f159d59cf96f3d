package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaTypeTest {

  @ParameterizedTest
  @CsvSource({
    "ffd8ffe000104a46, image/jpeg",
    "89504e470d0a1a0a0000000d, image/png",
    "474946383961, image/gif",
    "52494646aabbccdd57454250, image/webp",
    "52494646aabbccdd57415645, image/x-unknown",
    "424d3600, image/bmp",
    "49492a00, image/tiff",
    "4d4d002a, image/tiff",
    "'', image/x-unknown",
    "7b7d, image/x-unknown",
  })
  void shouldTellByTheFirstBytes(String hex, String mediaType) {
    assertThat(MediaType.of(HexFormat.of().parseHex(hex))).isEqualTo(mediaType);
  }
}
