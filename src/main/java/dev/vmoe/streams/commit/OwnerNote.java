package dev.vmoe.streams.commit;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the owner of a partition leaves for the next one with each offset that it commits: what it
 * was working on, and how many processes ended over these images before it.
 *
 * <p>It stands behind what Kafka Streams has in the offset's metadata: {@code
 * AgAAAZq…|3f2a9c1e,BUSY,1,-1,0}.
 *
 * @param owner process that wrote it; empty where none did
 * @param work what was in work when it was written
 * @param deaths processes that ended in a row without getting past these images
 * @param suspect offset of the image that was, or is, the only one in its process; -1 if there is
 *     none
 * @param alone how many processes ended while that image was the only one in them
 */
public record OwnerNote(String owner, InWork work, int deaths, long suspect, int alone) {

  /** What a process has in work: what may have been to blame if it ends now. */
  public enum InWork {
    /** Nothing, or the partition was given back in order: its end says nothing. */
    IDLE,
    /** Images of the partition, among others. */
    BUSY,
    /** One image, and no other in the whole process. */
    ALONE
  }

  static final long NONE = -1;

  /** What is found where no owner has left a note. */
  static final OwnerNote ABSENT = new OwnerNote("", InWork.IDLE, 0, NONE, 0);

  private static final Pattern NOTE =
      Pattern.compile("\\|([0-9a-f]{8}),(IDLE|BUSY|ALONE),(\\d{1,9}),(-1|\\d{1,18}),(\\d{1,9})$");

  /** Returns the note in an offset's metadata; {@link #ABSENT} if there is none. */
  public static OwnerNote in(String metadata) {
    Matcher note = NOTE.matcher(metadata);
    return note.find()
        ? new OwnerNote(
            note.group(1),
            InWork.valueOf(note.group(2)),
            Integer.parseInt(note.group(3)),
            Long.parseLong(note.group(4)),
            Integer.parseInt(note.group(5)))
        : ABSENT;
  }

  /** Returns an offset's metadata without the note. */
  static String without(String metadata) {
    return NOTE.matcher(metadata).replaceFirst("");
  }

  /** Returns metadata with this note in place of any other. */
  String behind(String metadata) {
    // Not formatted: in some languages that would write other digits.
    String note = owner + "," + work + "," + deaths + "," + suspect + "," + alone;
    return without(metadata) + "|" + note;
  }

  /**
   * Returns the note of a process that takes the partition over.
   *
   * <p>A process ended over the images if another one left them in work. One that takes its own
   * partition again lives: a thread was replaced, a transaction rolled back, a member fenced.
   *
   * @param next the process
   * @param offset first offset without a committed answer
   */
  OwnerNote takenBy(String next, long offset) {
    boolean ended = work != InWork.IDLE && !owner.equals(next);
    boolean same = suspect == offset;
    return new OwnerNote(
        next,
        InWork.BUSY,
        ended ? deaths + 1 : deaths,
        same ? suspect : NONE,
        same ? (ended && work == InWork.ALONE ? alone + 1 : alone) : 0);
  }

  /** Returns it for a process that is about to have only this image in work. */
  OwnerNote tries(long offset) {
    return new OwnerNote(owner, InWork.ALONE, deaths, offset, suspect == offset ? alone : 0);
  }

  /** Returns it once the suspect, if there was one, has an answer. */
  OwnerNote cleared() {
    return new OwnerNote(owner, InWork.BUSY, deaths, NONE, 0);
  }

  /** Returns it with nothing that counts. */
  OwnerNote trusting() {
    return new OwnerNote(owner, work, 0, suspect, alone);
  }

  /** Returns it with this in work. */
  OwnerNote with(InWork inWork) {
    return new OwnerNote(owner, inWork, deaths, suspect, alone);
  }
}
