package dev.vmoe.app.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.vmoe.streams.config.ConfigConflictException;
import dev.vmoe.streams.output.OneLine;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests that write: a change of the configuration, and the token that lets a browser in. */
final class WriteRequests {

  private static final Logger log = LoggerFactory.getLogger(WriteRequests.class);

  /** The address of the configuration. */
  static final String CONFIGURATION = "/api/config";

  /** A change is a few lines of JSON. */
  private static final int MAX_BODY_BYTES = 16 * 1024;

  /** Requests whose bodies may come at the same time: each holds a thread while it comes. */
  private static final int MAX_BODIES = 4;

  private final Access access;
  private final Entrance entrance;
  private final Instance instance;
  private final Semaphore bodies = new Semaphore(MAX_BODIES);
  private final ReentrantLock writing = new ReentrantLock();

  WriteRequests(Access access, Entrance entrance, Instance instance) {
    this.access = access;
    this.entrance = entrance;
    this.instance = instance;
  }

  /** Changes the configuration, if the request may. */
  void change(Context context) throws IOException {
    Optional<Access.Refusal> refusal = access.refuseWriting(context);
    Optional<PipelineView> pipeline = instance.view();
    if (refusal.isPresent()) {
      JsonAnswer.refuse(context, refusal.get().status(), refusal.get().reason());
    } else if (pipeline.isEmpty()) {
      JsonAnswer.refuse(context, HttpStatus.SERVICE_UNAVAILABLE, "the pipeline is not running yet");
    } else if (!pipeline.get().writable()) {
      JsonAnswer.refuse(
          context,
          HttpStatus.FORBIDDEN,
          "the configuration cannot be changed here: console.config.write is false;"
              + " use vmoe config set");
    } else {
      change(context, pipeline.get());
    }
  }

  private void change(Context context, PipelineView pipeline) throws IOException {
    byte[] body = body(context); // however slowly it comes: others can write meanwhile
    if (body == null) {
      return;
    }
    if (!writing.tryLock()) {
      JsonAnswer.refuse(context, HttpStatus.CONFLICT, "another change is being written; try again");
    } else {
      try {
        change(context, body, pipeline);
      } finally {
        writing.unlock();
      }
    }
  }

  /** What a browser is asked for where there is a token. */
  private record Login(@Nullable String token) {}

  /** Lets a browser in that sends the token. */
  void login(Context context) throws IOException {
    Optional<Access.Refusal> refusal = access.refuseWriting(context);
    if (refusal.isPresent()) {
      JsonAnswer.refuse(context, refusal.get().status(), refusal.get().reason());
      return;
    }
    byte[] body = body(context);
    if (body == null) {
      return;
    }
    String given;
    try {
      Login login = JsonAnswer.read(body, Login.class);
      given = login == null || login.token() == null ? "" : login.token();
    } catch (JsonProcessingException e) { // which may quote what was sent
      JsonAnswer.refuse(context, HttpStatus.BAD_REQUEST, "send {\"token\": \"…\"}");
      return;
    }
    if (entrance.login(context, given)) {
      JsonAnswer.done(context, "let in");
    } else {
      JsonAnswer.refuse(context, HttpStatus.FORBIDDEN, "That is not the token.");
    }
  }

  /** Returns what was sent, however slowly; null after an answer that refuses it. */
  private byte @Nullable [] body(Context context) throws IOException {
    if (!bodies.tryAcquire()) {
      JsonAnswer.refuse(
          context, HttpStatus.SERVICE_UNAVAILABLE, "too many requests come slowly; try again");
      return null;
    }
    try (InputStream in = context.bodyInputStream()) {
      byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
      if (body.length > MAX_BODY_BYTES) {
        JsonAnswer.refuse(
            context,
            HttpStatus.CONTENT_TOO_LARGE,
            "the request is larger than " + MAX_BODY_BYTES + " bytes");
        return null;
      }
      return body;
    } finally {
      bodies.release();
    }
  }

  private static void change(Context context, byte[] body, PipelineView pipeline)
      throws IOException {
    try {
      ConfigurationChange change = JsonAnswer.read(body, ConfigurationChange.class);
      if (change == null) { // which is what JSON's null is read as
        throw new IllegalArgumentException("not a change: null");
      }
      log.info(
          "change of the configuration asked for by {}: {}",
          context.ip(),
          OneLine.of(change.toString()));
      JsonAnswer.done(context, pipeline.change(change));
    } catch (JsonProcessingException e) {
      Throwable cause = e.getCause() instanceof IllegalArgumentException invalid ? invalid : e;
      JsonAnswer.refuse(context, HttpStatus.BAD_REQUEST, message(cause));
    } catch (IllegalArgumentException e) {
      JsonAnswer.refuse(context, HttpStatus.BAD_REQUEST, message(e));
    } catch (ConfigConflictException e) {
      JsonAnswer.refuse(context, HttpStatus.CONFLICT, message(e));
    } catch (RuntimeException e) {
      log.warn("a configuration could not be written", e);
      JsonAnswer.refuse(
          context, HttpStatus.SERVICE_UNAVAILABLE, "it could not be written: " + message(e));
    }
  }

  private static String message(Throwable e) {
    return e instanceof JsonProcessingException json
        ? "not a change: " + json.getOriginalMessage()
        : String.valueOf(e.getMessage());
  }
}
