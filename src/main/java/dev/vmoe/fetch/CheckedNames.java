package dev.vmoe.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Resolves the names of hosts for connections, and checks what comes out. The client connects to
 * what is returned here, without another look: a name cannot change its IP address in between.
 */
final class CheckedNames implements DnsResolver {

  private final DnsResolver names;
  private final Set<String> privateHosts;
  private final Predicate<InetAddress> isPublic;

  /** A host that has an IP address to which no connection may be made. */
  static final class RefusedHostException extends UnknownHostException {
    RefusedHostException(String message) {
      super(message);
    }
  }

  /**
   * Creates a resolver.
   *
   * @param privateHosts hosts, in lower case and without brackets, that may have any IP address
   */
  CheckedNames(DnsResolver names, Set<String> privateHosts, Predicate<InetAddress> isPublic) {
    this.names = names;
    this.privateHosts = privateHosts;
    this.isPublic = isPublic;
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    InetAddress[] addresses = names.resolve(host);
    String plain = host.startsWith("[") ? host.substring(1, host.length() - 1) : host; // IPv6
    if (privateHosts.contains(plain.toLowerCase(Locale.ROOT))) {
      return addresses;
    }
    for (InetAddress address : addresses) {
      if (!isPublic.test(address)) {
        throw new RefusedHostException(
            "the host %s has the IP address %s, which is not public; list the host in"
                    .formatted(plain, address.getHostAddress())
                + " fetch.private.hosts if images may come from there");
      }
    }
    return addresses;
  }

  @Override
  public String resolveCanonicalHostname(String host) {
    return host; // of use for Kerberos only
  }
}
