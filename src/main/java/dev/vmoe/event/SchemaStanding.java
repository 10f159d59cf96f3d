package dev.vmoe.event;

/**
 * Whether the registry has a schema, or would accept it, beside the versions of its subject.
 *
 * @param state whether it is registered, or would be accepted
 * @param detail its id if it is registered; otherwise empty
 */
public record SchemaStanding(SchemaState state, String detail) {

  /** Whether a schema is registered, or would be accepted. */
  public enum SchemaState {
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
