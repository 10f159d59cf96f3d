package dev.vmoe.event;

/** What a hostile schema names: to load it is enough to be found out. */
public final class NamedBySchema {
  static {
    HostileSchemaTest.sprung = true;
  }

  /** As Avro makes what it finds under java-class. */
  public NamedBySchema(String text) {
    HostileSchemaTest.sprung = true;
  }
}
