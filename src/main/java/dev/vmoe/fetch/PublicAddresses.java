package dev.vmoe.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells IP addresses of the public internet from all others: the special blocks of RFC 6890 and of
 * IANA's registries since. 168.63.129.16 is the platform's own service in each machine of Azure.
 */
final class PublicAddresses {

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

  private PublicAddresses() {}

  private record Block(InetAddress start, int bits) {

    static Block of(String text) {
      int slash = text.indexOf('/');
      try {
        return new Block(
            InetAddress.getByName(text.substring(0, slash)),
            Integer.parseInt(text.substring(slash + 1)));
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

  /** Returns whether an address is one of the public internet. */
  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return SPECIAL_V4.stream().noneMatch(block -> block.has(bytes));
    }
    return UNICAST_V6.has(bytes) && SPECIAL_V6.stream().noneMatch(block -> block.has(bytes));
  }
}
