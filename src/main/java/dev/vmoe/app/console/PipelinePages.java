package dev.vmoe.app.console;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;

/** Serves an instance's topology and routing map. */
final class PipelinePages {

  private PipelinePages() {}

  static void topology(Context context, Instance instance) {
    context.contentType(Console.TEXT);
    instance
        .topology()
        .ifPresentOrElse(
            context::result,
            () ->
                context
                    .status(HttpStatus.SERVICE_UNAVAILABLE)
                    .result("the pipeline is not built yet; see /health/ready\n"));
  }

  /** Answers with the routing map, or why there is none. */
  static void routingMap(Context context, Instance instance) {
    RoutingMap map = instance.routingMap();
    map.svg()
        .ifPresentOrElse(
            svg ->
                context
                    .contentType("image/svg+xml; charset=utf-8")
                    .header("Cache-Control", "no-store")
                    .result(svg),
            () ->
                context
                    .status(HttpStatus.NOT_FOUND)
                    .attribute(Console.REASON, "no routing map: " + map.lacks() + "\n"));
  }
}
