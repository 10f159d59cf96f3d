package dev.vmoe.streams.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/** The samples of one scrape, by name and labels as they are written. */
public final class Scrape {

  private final Map<String, Double> samples = new LinkedHashMap<>();

  private Scrape(String text) {
    text.lines()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .forEach(
            line -> {
              int space = line.lastIndexOf(' ');
              samples.put(line.substring(0, space), number(line.substring(space + 1)));
            });
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Reads the text of a scrape. */
  public static Scrape of(String text) {
    return new Scrape(text);
  }

  /** Scrapes. */
  public static Scrape of(Meters meters) {
    return of(meters.scrape(Exposition.PROMETHEUS));
  }

  /** Returns the value of a sample that has to be there. */
  public double value(String sample) {
    Double value = samples.get(sample);
    if (value == null) {
      throw new AssertionError(sample + " is not among " + samples.keySet());
    }
    return value;
  }

  /** Returns whether a sample is there. */
  public boolean has(String sample) {
    return samples.containsKey(sample);
  }

  /** Returns the sum over the samples that begin like this; at least one. */
  public double sum(String beginning) {
    double sum = 0;
    int count = 0;
    for (Map.Entry<String, Double> sample : samples.entrySet()) {
      if (sample.getKey().startsWith(beginning)) {
        sum += sample.getValue();
        count++;
      }
    }
    if (count == 0) {
      throw new AssertionError("nothing begins with " + beginning + " in " + samples.keySet());
    }
    return sum;
  }

  /** Returns the samples. */
  public Map<String, Double> samples() {
    return samples;
  }
}
