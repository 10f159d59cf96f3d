package dev.vmoe.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** Definitions of the settings that say how the operating point follows the load. */
final class CapacityDefinitions {

  private CapacityDefinitions() {}

  /** Adds the definitions. */
  static void addTo(ConfigDef definition) {
    definition
        .define(
            Settings.CAPACITY_MODE,
            Type.STRING,
            CapacityMode.ADAPTIVE.label(),
            ValidString.in(CapacityMode.FIXED.label(), CapacityMode.ADAPTIVE.label()),
            Importance.HIGH,
            "Who chooses each batch's operating point: fixed, capacity.ratio and experts.per.token"
                + " always; adaptive, the best one within the bounds below at which what is waiting"
                + " is answered within target.latency.ms.")
        .define(
            Settings.TARGET_LATENCY_MS,
            Type.LONG,
            1_000L,
            Range.between(1, 3_600_000),
            Importance.HIGH,
            "Time within which an image is to be answered, from when it is first seen, in"
                + " milliseconds. In adaptive mode it has to be longer than batch.linger.ms.")
        .define(
            Settings.CAPACITY_RATIO_MIN,
            Type.DOUBLE,
            0.1,
            ValueCheck.aboveZero(),
            Importance.MEDIUM,
            "Least capacity ratio in adaptive mode: what quality must not fall below.")
        .define(
            Settings.CAPACITY_RATIO_MAX,
            Type.DOUBLE,
            1.05,
            ValueCheck.aboveZero(),
            Importance.MEDIUM,
            "Largest capacity ratio in adaptive mode.")
        .define(
            Settings.EXPERTS_PER_TOKEN_MIN,
            Type.INT,
            1,
            Range.atLeast(0),
            Importance.MEDIUM,
            "Least K in adaptive mode; 0 means as many as in the model's training.")
        .define(
            Settings.EXPERTS_PER_TOKEN_MAX,
            Type.INT,
            0,
            Range.atLeast(0),
            Importance.MEDIUM,
            "Largest K in adaptive mode; 0 means as many as in the model's training.")
        .define(
            Settings.COST_SURVEY_MS,
            Type.LONG,
            5_000L,
            Range.between(0, 600_000),
            Importance.LOW,
            "What the start may take to measure how long a batch runs at each operating point, in"
                + " milliseconds. With less, more is interpolated, and left to be learnt.")
        .define(
            Settings.LAG_INTERVAL_MS,
            Type.LONG,
            250L,
            Range.between(50, 60_000),
            Importance.LOW,
            "How often the ends of the images topic are looked up to know the backlog, in"
                + " milliseconds.");
  }
}
