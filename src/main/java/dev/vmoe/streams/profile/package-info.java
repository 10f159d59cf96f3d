/**
 * The routing profile: what the experts did for each class, summed over all instances, and its map.
 *
 * <pre>
 * expert-utilization ──▶ RoutingProfileTopology ──▶ routing-profile ──▶ RoutingTable ──▶ RoutingMapPicture
 *                        EventSummer, StoredRows                                         ClassInformation, MapOrder
 * </pre>
 *
 * <p>Axes: C classes, E experts.
 */
@NullMarked
package dev.vmoe.streams.profile;

import org.jspecify.annotations.NullMarked;
