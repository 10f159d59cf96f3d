/**
 * What becomes of the images while things fail: instances, brokers and registry as processes, a
 * load with hostile records, seeded faults, and a check of every answer at the end.
 *
 * <pre>
 * FaultSchedule ─▶ FaultInjector ─▶ InstanceFleet, KafkaCluster, RegistryProxy, InstanceSurroundings
 *                                        ▲ images    │ answers
 *                  HostileLoad ──────────┘           ├─▶ AnswerWatcher ─▶ ArrivalLog (pauses, recovery)
 *                                                    └─▶ TopicContents ─▶ DeliveryCheck (at the end)
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.faults;

import org.jspecify.annotations.NullMarked;
