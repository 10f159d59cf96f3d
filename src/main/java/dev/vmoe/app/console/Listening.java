package dev.vmoe.app.console;

import java.util.List;
import java.util.Locale;

/**
 * The console's address, and who may use it.
 *
 * @param host name or address to listen at
 * @param port port to listen at; 0 for any free one
 * @param page whether the live page and its data are served; metrics and health always are
 * @param names further names that browsers use, as in their address bar: a name, and a port if it
 *     is not the scheme's default
 * @param protection token and TLS
 */
public record Listening(
    String host, int port, boolean page, List<String> names, Protection protection) {

  /** Converts names to lower case. */
  public Listening {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  /** Returns the settings of an open console with its page and without further names. */
  public static Listening at(String host, int port) {
    return new Listening(host, port, true, List.of(), Protection.NONE);
  }

  /** Returns whether only the local machine reaches a console at this host. */
  public static boolean loopback(String host) {
    return HostName.of(host).loopback();
  }
}
