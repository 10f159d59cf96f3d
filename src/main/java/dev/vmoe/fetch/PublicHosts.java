package dev.vmoe.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hc.client5.http.DnsResolver;

/**
 * Resolves the names of hosts for connections, to public IP addresses only. The client connects to
 * what is returned here, without another look: a name cannot change its IP address in between.
 */
final class PublicHosts implements DnsResolver {

  /**
   * What is not of the public internet: the special blocks of RFC 6890 and of IANA's registries
   * since. 168.63.129.16 is the platform's own service in each machine of Azure.
   */
  private static final List<Block> SPECIAL_V4 =
      blocks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "168.63.129.16/32",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/3");

  /** All global unicast addresses of IPv6. Private, mapped and translated ones lie outside. */
  private static final Block UNICAST_V6 = Block.of("2000::/3");

  /** Blocks of these that are special: protocols, documentation, and IPv4 within IPv6. */
  private static final List<Block> SPECIAL_V6 =
      blocks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

  private final DnsResolver names;

  /** Hosts, in lower case and without brackets, that may have any IP address. */
  private final Set<String> privateHosts;

  private final Predicate<InetAddress> isPublic;

  /** A host that has an IP address to which no connection may be made. */
  static final class RefusedHostException extends UnknownHostException {
    RefusedHostException(String message) {
      super(message);
    }
  }

  private record Block(InetAddress start, int bits) {

    static Block of(String text) {
      String[] parts = text.split("/");
      try {
        return new Block(InetAddress.getByName(parts[0]), Integer.parseInt(parts[1]));
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(text, e);
      }
    }

    boolean has(byte[] address) {
      byte[] its = start.getAddress();
      if (its.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        if (((its[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private static List<Block> blocks(String... texts) {
    return Stream.of(texts).map(Block::of).toList();
  }

  PublicHosts(DnsResolver names, Set<String> privateHosts, Predicate<InetAddress> isPublic) {
    this.names = names;
    this.privateHosts = privateHosts;
    this.isPublic = isPublic;
  }

  /** Returns whether an address is one of the public internet. */
  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return SPECIAL_V4.stream().noneMatch(block -> block.has(bytes));
    }
    return UNICAST_V6.has(bytes) && SPECIAL_V6.stream().noneMatch(block -> block.has(bytes));
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
