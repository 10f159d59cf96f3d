package dev.vmoe.core.capacity;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** What was measured at capacity ratios of one K, linear between two of them. */
final class ByRatio<V> {

  private final TreeMap<Double, V> measured = new TreeMap<>();

  /** Returns what was measured at a ratio; {@code fresh} becomes it where nothing was. */
  V at(double ratio, V fresh) {
    return Objects.requireNonNullElse(measured.putIfAbsent(ratio, fresh), fresh);
  }

  /** Returns whether a ratio was measured, or lies between two that were. */
  boolean knows(double ratio) {
    return measured.floorKey(ratio) != null && measured.ceilingKey(ratio) != null;
  }

  /** Returns a value at a ratio that is {@link #knows known}. */
  double between(double ratio, ToDoubleFunction<V> value) {
    Map.Entry<Double, V> below = Objects.requireNonNull(measured.floorEntry(ratio));
    Map.Entry<Double, V> above = Objects.requireNonNull(measured.ceilingEntry(ratio));
    double low = value.applyAsDouble(below.getValue());
    double span = above.getKey() - below.getKey();
    return span == 0
        ? low
        : low + (ratio - below.getKey()) / span * (value.applyAsDouble(above.getValue()) - low);
  }
}
