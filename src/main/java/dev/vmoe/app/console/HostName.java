package dev.vmoe.app.console;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A machine's name or address in a request or a setting.
 *
 * @param text in lower case, without brackets and port
 */
record HostName(String text) {

  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-f.]*:[0-9a-f:.]*(%\\w+)?");

  /** Returns the name of a host without a port. */
  static HostName of(String host) {
    return new HostName(host.replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT));
  }

  /** Returns whether it means the local machine. */
  boolean loopback() {
    return text.equals("localhost")
        || text.equals("::1")
        || text.equals("0:0:0:0:0:0:0:1")
        || (IPV4.matcher(text).matches() && text.startsWith("127."));
  }

  /** Returns whether it is an address; unlike a name, nobody can point it elsewhere. */
  boolean address() {
    return IPV4.matcher(text).matches() || IPV6.matcher(text).matches();
  }
}
