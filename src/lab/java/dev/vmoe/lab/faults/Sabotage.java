package dev.vmoe.lab.faults;

import java.util.List;
import java.util.Locale;

/** What is broken on purpose, to see that the check finds it. */
public enum Sabotage {
  /** The committed offsets of the stopped group are set back: images are answered again. */
  OFFSETS,
  /** An answer is taken away before the check. */
  REMOVE,
  /** An answer is there twice before the check. */
  REPEAT;

  /** Returns the name on the command line and in results. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the name of what the check must find then, as in the verdict. */
  String breaks() {
    return this == REMOVE ? "lost" : "doubled";
  }

  /** Changes what was read before it is checked. */
  void change(List<AnswerRecord> answers) {
    int middle = answers.size() / 2;
    switch (this) {
      case OFFSETS -> {} // was done on the brokers
      case REMOVE -> answers.remove(middle);
      case REPEAT -> answers.add(answers.get(middle));
    }
  }
}
