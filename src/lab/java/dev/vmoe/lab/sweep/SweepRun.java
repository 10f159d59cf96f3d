package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.BitSet;
import java.util.HexFormat;

/**
 * What one setting did on one slice of the images: a line of {@code runs.csv}.
 *
 * @param slice number of the slice
 * @param point setting
 * @param images images of the slice
 * @param correct which of them were right, by their place in the slice
 * @param assigned token choices before capacity, over all images and layers; 0 if dense
 * @param dispatched choices that found a slot
 * @param effectiveRatio capacity ratio of the slice's first batch; 0 if dense
 * @param millisPerImage median over the slice's whole batches, in milliseconds an image
 */
record SweepRun(
    int slice,
    SweepPoint point,
    int images,
    BitSet correct,
    long assigned,
    long dispatched,
    double effectiveRatio,
    double millisPerImage) {

  static final String HEADER =
      "slice,routing,experts_per_token,capacity_ratio,batch,images,correct,assigned,dispatched,"
          + "effective_ratio,ms_per_image,right";

  private static final String DENSE = "dense";
  private static final int CELLS = 12;

  /** Returns the line, without its end. */
  String toLine() {
    RoutingSettings routing = point.routing();
    return String.join(
        ",",
        Integer.toString(slice),
        routing == null ? DENSE : routing.routing().label(),
        routing == null ? "" : Integer.toString(routing.expertsPerToken()),
        routing == null ? "" : Double.toString(routing.capacityRatio()),
        Integer.toString(point.batch()),
        Integer.toString(images),
        Integer.toString(correct.cardinality()),
        Long.toString(assigned),
        Long.toString(dispatched),
        Double.toString(effectiveRatio),
        Double.toString(millisPerImage),
        HexFormat.of().formatHex(correct.toByteArray()));
  }

  /**
   * Returns the run that a line holds.
   *
   * @throws IllegalArgumentException if it holds none
   */
  static SweepRun ofLine(String line) {
    String[] cells = line.split(",", -1);
    if (cells.length != CELLS) {
      throw new IllegalArgumentException(cells.length + " cells, not " + CELLS);
    }
    RoutingSettings routing =
        cells[1].equals(DENSE)
            ? null
            : new RoutingSettings(
                Double.parseDouble(cells[3]),
                Integer.parseInt(cells[2]),
                Routing.ofLabel(cells[1]));
    SweepRun run =
        new SweepRun(
            Integer.parseInt(cells[0]),
            new SweepPoint(routing, Integer.parseInt(cells[4])),
            Integer.parseInt(cells[5]),
            BitSet.valueOf(HexFormat.of().parseHex(cells[11])),
            Long.parseLong(cells[7]),
            Long.parseLong(cells[8]),
            Double.parseDouble(cells[9]),
            Double.parseDouble(cells[10]));
    if (run.correct.cardinality() != Integer.parseInt(cells[6])
        || run.correct.length() > run.images) {
      throw new IllegalArgumentException(
          String.format(
              "%s correct of %d images, but %d are marked",
              cells[6], run.images, run.correct.cardinality()));
    }
    return run;
  }
}
