package dev.vmoe.lab.sizing;
import dev.vmoe.capacity.*;
import dev.vmoe.lab.overload.ProportionalCapacity;
import java.util.*;
final class ControllerTrace {
  public static void main(String[] a) {
    var cell = new ControllerCells.Cell(Double.parseDouble(a[0]), Double.parseDouble(a[1]), ControllerCells.Disturbance.valueOf(a[2]), Long.parseLong(a[3]));
    var n = cell.run(c -> ControllerTable.controller(c, AdaptiveCapacity::new));
    var p = cell.run(c -> ControllerTable.controller(c, ProportionalCapacity::new));
    var slow = cell.disturbance().slowness(cell.seed());
    double[][] s = new double[2][(int) (4 * 60) + 200], q = new double[2][440], c = new double[2][440];
    int k = 0;
    for (var o : List.of(n, p)) { for (var b : o.batches()) { int i = (int) (4 * b.startSeconds()); if (i >= 440) continue;
      s[k][i] += b.images() * Math.min(1, b.point().capacityRatio()) * b.point().expertsPerToken() / 2; c[k][i] += b.images(); q[k][i] = Math.max(q[k][i], b.backlog()); } k++; }
    for (int i = Integer.parseInt(a[4]) * 4; i < Integer.parseInt(a[5]) * 4; i++) System.out.printf("%.2f slow %.2f new %.2f q %.0f  prop %.2f q %.0f%n", i / 4.0, slow.applyAsDouble(i / 4.0), s[0][i] / c[0][i], q[0][i], s[1][i] / c[1][i], q[1][i]);
  }
}
