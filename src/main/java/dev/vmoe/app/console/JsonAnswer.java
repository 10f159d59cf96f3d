package dev.vmoe.app.console;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import io.javalin.http.ContentType;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How the console answers in JSON. */
final class JsonAnswer {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .addModule(
              new SimpleModule()
                  .addSerializer(double.class, new KnownNumber())
                  .addSerializer(Double.class, new KnownNumber()))
          .build();

  private JsonAnswer() {}

  /** JSON knows no NaN: what is not known is null. */
  private static final class KnownNumber extends JsonSerializer<Double> {
    @Override
    public void serialize(Double number, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(number)) {
        json.writeNumber(number);
      } else {
        json.writeNull();
      }
    }
  }

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record ChangeOutcome(@Nullable String done, @Nullable String error) {}

  /** Says that a request was not granted, and why. */
  static void refuse(Context context, HttpStatus status, String reason) {
    answer(context, status, new ChangeOutcome(null, reason));
  }

  /** Says that a request was granted. */
  static void done(Context context, String what) {
    answer(context, HttpStatus.OK, new ChangeOutcome(what, null));
  }

  static void answer(Context context, HttpStatus status, Object body) {
    try {
      context
          .status(status)
          .header("Cache-Control", "no-store")
          .contentType(ContentType.JSON)
          .result(MAPPER.writeValueAsBytes(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what was sent.
   *
   * @return null where null was sent
   */
  static <T> @Nullable T read(byte[] body, Class<T> type) throws IOException {
    return MAPPER.readValue(body, type);
  }
}
