package dev.vmoe.event;

import org.jspecify.annotations.Nullable;

/**
 * A record that cannot be read, now or later; the reason tells its sender why. Each has a kind, by
 * which consumers of dead letters tell them apart: so names of the subclasses stay as they are.
 *
 * <p>{@link RegistryUnavailableException} is different: it says nothing about the record.
 */
public abstract sealed class BadRecordException extends Exception {

  private final String reason;

  private BadRecordException(String reason, @Nullable Throwable cause) {
    super(reason, cause);
    this.reason = reason;
  }

  /** Returns why, for the record's sender. */
  public String reason() {
    return reason;
  }

  /** Returns the kind of its dead letter: the name of its class, if not another. */
  public String kind() {
    return getClass().getName();
  }

  /** The value is not Avro in Confluent's wire format, or not of the schema that it names. */
  public static final class NotAvro extends BadRecordException {
    public NotAvro(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }
  }

  /** The value is not the JSON that is expected. */
  public static final class NotJson extends BadRecordException {
    public NotJson(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }
  }

  /** The registry does not know the schema id that the value names. */
  public static final class UnknownSchema extends BadRecordException {
    public UnknownSchema(int id) {
      super("the schema registry knows no schema with id " + id, null);
    }
  }

  /**
   * The registry did not say what schema the value has, in all the time that a partition waits for
   * that.
   */
  public static final class SchemaNotFound extends BadRecordException {
    public SchemaNotFound(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }
  }

  /** The value's schema cannot be read as the expected record. */
  public static final class UnresolvableSchema extends BadRecordException {
    public UnresolvableSchema(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }
  }

  /** Processes ended while they worked on the image, and on nothing else. */
  public static final class Poison extends BadRecordException {
    public Poison(int deaths) {
      super(
          "poison: "
              + deaths
              + " processes in a row ended while they worked on it, the last ones on nothing else",
          null);
    }

    @Override
    public String kind() {
      return "dev.vmoe.Poison";
    }
  }

  /** The image did not come from its address. */
  public static final class NotFetched extends BadRecordException {
    public NotFetched(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }

    @Override
    public String kind() {
      return "dev.vmoe.NotFetched";
    }
  }

  /** The value is missing or too large, or a header is wrong. */
  public static final class Refused extends BadRecordException {
    public Refused(String reason) {
      super(reason, null);
    }
  }
}
