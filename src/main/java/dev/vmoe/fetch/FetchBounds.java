package dev.vmoe.fetch;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * What may be fetched, and how much of it.
 *
 * @param prefixes beginnings of the addresses that may be fetched
 * @param privateHosts hosts, that may have an IP address that is not public
 * @param atOnce fetches at once of all partitions, beside the next one of each
 * @param timeout maximum time of a fetch, over all its attempts
 * @param maxImageBytes maximum bytes of an image
 * @param maxBytes maximum bytes of the images that are fetched and not yet answered, beside one of
 *     each partition; asked for each fetch
 */
public record FetchBounds(
    List<String> prefixes,
    Set<String> privateHosts,
    int atOnce,
    Duration timeout,
    int maxImageBytes,
    LongSupplier maxBytes) {

  public FetchBounds {
    prefixes = List.copyOf(prefixes);
    privateHosts =
        privateHosts.stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Returns the maximum time without a byte, so that what hangs is tried again. */
  Duration idle() {
    return timeout.dividedBy(3);
  }
}
