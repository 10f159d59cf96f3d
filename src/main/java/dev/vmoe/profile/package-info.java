/**
 * The routing profile: what the experts did for each class, summed over all instances, and its map.
 *
 * <pre>
 * expert-utilization ──▶ RoutingProfileTopology ──▶ routing-profile ──▶ RoutingTable ──▶ RoutingMapPicture
 *                        EventSummer, StoredRows                                         ClassInformation, MapOrder
 * </pre>
 *
 * <p>Axes: C classes, E experts.
 *
 * <p>May use: {@code moe settings event topics picture output streams}.
 */
@NullMarked
package dev.vmoe.profile;

import org.jspecify.annotations.NullMarked;
