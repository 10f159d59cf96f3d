package dev.vmoe.config;

import dev.vmoe.settings.LiveSettings;

/** Who runs under the configuration in force. */
public interface ConfigFollower {

  /** A change of configuration that has been got ready: it is either made or dropped. */
  interface Change {

    /**
     * Changes over, from the next batch on; takes no time to speak of.
     *
     * @return the settings that are in force from now on, complete for the model
     * @throws IllegalArgumentException if that cannot be after all; everything is as before
     */
    LiveSettings make();

    /** Gives up what was got ready. */
    default void drop() {}
  }

  /** Returns whether {@link #prepare} comes back at once. */
  boolean isReadyFor(LiveSettings settings);

  /**
   * Gets ready for settings, beside those that are in force and stay so meanwhile.
   *
   * @param settings what a record says, or the settings file; not checked against a model yet
   * @throws IllegalArgumentException if they cannot be followed, saying why
   */
  Change prepare(LiveSettings settings);
}
