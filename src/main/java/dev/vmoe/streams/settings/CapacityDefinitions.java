package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** Definitions of the settings of the operating point: fixed, or following the load. */
final class CapacityDefinitions {

  private CapacityDefinitions() {}

  static void addTo(Definitions definitions) {
    definitions
        .setting(
            Settings.CAPACITY_MODE,
            STRING,
            CapacityMode.ADAPTIVE.label(),
            ValidString.in(CapacityMode.FIXED.label(), CapacityMode.ADAPTIVE.label()),
            HIGH)
        .means(
            "Who chooses the operating point of each batch. fixed: it is always capacity.ratio"
                + " and experts.per.token. adaptive: the longer the queue and the faster it"
                + " grows, the less a batch computes, within the bounds below, so that answers come"
                + " within target.latency.ms.")
        .setting(Settings.TARGET_LATENCY_MS, LONG, 1_000L, Range.between(1, 3_600_000), HIGH)
        .means(
            "Target for the time from when an image is first seen to its answer, in"
                + " milliseconds. In adaptive mode it has to be longer than batch.linger.ms.")
        .setting(
            Settings.LATE_POLICY,
            STRING,
            LatePolicy.ANSWER.label(),
            ValidString.in(LatePolicy.ANSWER.label(), LatePolicy.EXPIRE.label()),
            MEDIUM)
        .means(
            "What becomes of an image that can no longer be answered within target.latency.ms."
                + " answer: it is answered late. expire: it is not computed, and becomes a dead"
                + " letter. An image that carries a deadline expires by that, whatever is set"
                + " here.")
        .setting(Settings.CAPACITY_RATIO_MIN, DOUBLE, 0.1, ValueCheck.aboveZero(), MEDIUM)
        .means("Minimum capacity ratio in adaptive mode; it limits the loss of quality.")
        .setting(Settings.CAPACITY_RATIO_MAX, DOUBLE, 1.05, ValueCheck.aboveZero(), MEDIUM)
        .means("Maximum capacity ratio in adaptive mode.")
        .setting(Settings.EXPERTS_PER_TOKEN_MIN, INT, 1, Range.atLeast(0), MEDIUM)
        .means("Minimum K in adaptive mode; 0 means the K of the model's training.")
        .setting(Settings.EXPERTS_PER_TOKEN_MAX, INT, 0, Range.atLeast(0), MEDIUM)
        .means("Maximum K in adaptive mode; 0 means the K of the model's training.")
        .setting(Settings.COST_SURVEY_MS, LONG, 5_000L, Range.between(0, 600_000), LOW)
        .means(
            "Time limit, in milliseconds, for measuring at the start how long a batch takes at each"
                + " operating point. With a shorter limit more points are interpolated, and learnt"
                + " while running. Three times as long where the times are not clear, because"
                + " something else has the processors.")
        .setting(Settings.LAG_INTERVAL_MS, LONG, 250L, Range.between(50, 60_000), LOW)
        .means(
            "How often the end offsets of the topics of images are read to know the backlog, in"
                + " milliseconds.")
        .setting(Settings.CAPACITY_RATIO, DOUBLE, 1.05, ValueCheck.aboveZero(), HIGH)
        .means(
            "Requested capacity ratio: slots of all experts divided by the choices of all"
                + " tokens. At E/K nothing is dropped; higher ratios change nothing.")
        .setting(Settings.EXPERTS_PER_TOKEN, INT, 0, Range.atLeast(0), HIGH)
        .means("Experts that each token is sent to (K); 0 means the K of the model's training.")
        .setting(Settings.ROUTING, STRING, "bpr", ValidString.in("bpr", "vanilla"), MEDIUM)
        .means(
            "Which tokens claim slots first. bpr: the most important ones of the batch. vanilla:"
                + " the first ones.");
  }
}
