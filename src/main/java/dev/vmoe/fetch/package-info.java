/**
 * Fetches the bytes of images that come by address: ahead of their turn, within bounds, and only
 * from where the settings allow.
 *
 * <pre>
 * address ──▶ AllowedAddresses ──▶ Fetching: a FetchAhead for each partition
 *             begins as a prefix?    │ room: fetches at once, bytes
 *                                    ▼
 *                                  HttpImages ──▶ PublicHosts: is its IP address public?
 *                                  files ──▶ is the real path in an allowed folder?
 * </pre>
 */
@NullMarked
package dev.vmoe.fetch;

import org.jspecify.annotations.NullMarked;
