package dev.vmoe.streams.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class ErrorTextTest {

  @Test
  void shouldSayWhatIsWrongWithAFileBehindWrappers() {
    Exception missing =
        new ExecutionException(new UncheckedIOException(new NoSuchFileException("a.png")));

    assertThat(ErrorText.of(missing)).isEqualTo("a.png does not exist");
    assertThat(ErrorText.withCause(missing)).isEqualTo("a.png does not exist");
    assertThat(ErrorText.withCause(new AccessDeniedException("b.png")))
        .isEqualTo("b.png may not be read or written");
  }

  @Test
  void shouldAddACauseThatSaysMoreInOneLine() {
    Exception cause = new IOException("the disk\n  is full");

    assertThat(ErrorText.withCause(new IllegalStateException("cannot start", cause)))
        .isEqualTo("cannot start (the disk is full)");
    assertThat(ErrorText.of(new IllegalStateException("cannot start", cause)))
        .isEqualTo("cannot start");
    assertThat(ErrorText.withCause(new IllegalStateException(cause)))
        .isEqualTo("java.io.IOException: the disk is full");
    assertThat(ErrorText.withCause(new IllegalStateException())).isEqualTo("IllegalStateException");
  }
}
