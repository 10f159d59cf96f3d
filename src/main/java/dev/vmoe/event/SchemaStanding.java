package dev.vmoe.event;

/**
 * How a schema stands to the versions of its subject in the registry.
 *
 * @param state whether it is there, or would be taken
 * @param detail its id, or why it would not be taken
 */
public record SchemaStanding(State state, String detail) {

  /** Whether a schema is there, or would be taken. */
  public enum State {
    /** It is one of the subject's versions. */
    REGISTERED,
    /** It is compatible with the subject's versions, and would become the next. */
    COMPATIBLE,
    /** The subject has no version yet. */
    NEW,
    /** It is not compatible with the subject's versions. */
    INCOMPATIBLE
  }
}
