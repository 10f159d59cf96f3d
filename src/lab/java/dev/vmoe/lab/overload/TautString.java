package dev.vmoe.lab.overload;

/**
 * The shortest path between a floor and a ceiling: of all paths from the first point to the last it
 * has the smallest sum of every convex function of its steps.
 *
 * <p>Two chains are kept from the last bend on: the greatest convex path under the ceiling and the
 * least concave one over the floor. Where they cross, the string bends. Linear in the number of
 * points (P. L. Davies, A. Kovac, Local extremes, runs, strings and multiresolution, 2001).
 */
final class TautString {

  private final double[] floor;
  private final double[] ceiling;
  private final Chain overFloor;
  private final Chain underCeiling;
  private int bend;
  private double bendHeight;

  /** Points of a chain after the bend, as positions of an array of heights. */
  private static final class Chain {
    final double[] heights;
    final int[] points;
    int first;
    int end;

    Chain(double[] heights) {
      this.heights = heights;
      this.points = new int[heights.length];
    }

    int size() {
      return end - first;
    }
  }

  private TautString(double[] floor, double[] ceiling) {
    this.floor = floor;
    this.ceiling = ceiling;
    this.overFloor = new Chain(floor);
    this.underCeiling = new Chain(ceiling);
  }

  /**
   * Returns the path.
   *
   * @param floor (N) minimum height at each point
   * @param ceiling (N) greatest height at each point, not below the floor; the same at the first
   *     and at the last point
   * @return (N) height of the path
   */
  static double[] between(double[] floor, double[] ceiling) {
    return new TautString(floor, ceiling).path();
  }

  private double[] path() {
    int last = floor.length - 1;
    double[] path = new double[floor.length];
    path[0] = floor[0];
    bendHeight = floor[0];
    for (int k = 1; k <= last; k++) {
      add(underCeiling, k, 1);
      add(overFloor, k, -1);
      while (slopeToFirst(underCeiling) < slopeToFirst(overFloor)) {
        // Only the chain that the new point made straight can have come to cross the other.
        bendAt(underCeiling.size() == 1 ? overFloor : underCeiling, path);
      }
    }
    drawTo(last, floor[last], path);
    return path;
  }

  /** Adds a point and takes out those that then bend the wrong way. */
  private void add(Chain chain, int point, int sign) {
    while (chain.size() > 0
        && sign * slopeToLast(chain)
            >= sign * slope(lastOf(chain), chain.heights[lastOf(chain)], point, chain)) {
      chain.end--;
    }
    chain.points[chain.end++] = point;
  }

  private static int lastOf(Chain chain) {
    return chain.points[chain.end - 1];
  }

  private double slopeToLast(Chain chain) {
    int last = lastOf(chain);
    if (chain.size() == 1) {
      return slope(bend, bendHeight, last, chain);
    }
    int before = chain.points[chain.end - 2];
    return slope(before, chain.heights[before], last, chain);
  }

  private double slopeToFirst(Chain chain) {
    return slope(bend, bendHeight, chain.points[chain.first], chain);
  }

  private static double slope(int from, double height, int to, Chain chain) {
    return (chain.heights[to] - height) / (to - from);
  }

  private void bendAt(Chain chain, double[] path) {
    int point = chain.points[chain.first++];
    drawTo(point, chain.heights[point], path);
    bend = point;
    bendHeight = chain.heights[point];
  }

  private void drawTo(int point, double height, double[] path) {
    double step = (height - bendHeight) / (point - bend);
    for (int k = bend + 1; k < point; k++) {
      // rounding must not lead past the walls
      path[k] = Math.max(floor[k], Math.min(ceiling[k], bendHeight + (k - bend) * step));
    }
    path[point] = height;
  }
}
