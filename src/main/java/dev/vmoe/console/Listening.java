package dev.vmoe.console;

import java.util.List;
import java.util.Locale;

/**
 * Where the console listens, and for whom.
 *
 * @param host name or address to listen at
 * @param port 0 for any free one
 * @param page whether the live page and all that it shows is served; metrics and health always are
 * @param names further names that browsers know it by, as in their address bar: a name, and a port
 *     where it is not the scheme's own
 * @param protection what keeps others out
 */
public record Listening(
    String host, int port, boolean page, List<String> names, Protection protection) {

  /** Names are compared in lower case. */
  public Listening {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  /** Returns a console that is open to all who reach it. */
  public static Listening open(String host, int port, boolean page, List<String> names) {
    return new Listening(host, port, page, names, Protection.NONE);
  }

  /** Returns a console with its page, known by no further name. */
  public static Listening at(String host, int port) {
    return open(host, port, true, List.of());
  }

  /** Returns whether only this machine reaches a console that listens there. */
  public static boolean loopback(String host) {
    return HostName.of(host).loopback();
  }
}
