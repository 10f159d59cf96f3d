package dev.vmoe.streams.config;

import dev.vmoe.streams.settings.LiveSettings;

/** Runs under the configuration in force, and holds it. */
public interface ConfigFollower {

  /** A change of configuration that is ready: it is either made or dropped. */
  interface Prepared {

    /** Changes over, from the next batch on; takes no time to speak of. */
    void make();

    /** Gives up what was prepared. */
    default void drop() {}
  }

  /** Returns the settings in force, complete for the model; only after the first change. */
  LiveSettings current();

  /** Returns whether {@link #prepare} comes back at once. */
  boolean isReadyFor(LiveSettings settings);

  /**
   * Prepares a change to other settings; those in force stay so meanwhile.
   *
   * @param settings what a record says, or the settings file; not checked against a model yet
   * @throws IllegalArgumentException if they cannot be followed, saying why
   */
  Prepared prepare(LiveSettings settings);
}
