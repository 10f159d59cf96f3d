package dev.vmoe.lab.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Images at addresses of this machine: files, or a server on the loopback interface. */
public final class ImageAddresses implements AutoCloseable {

  /** Threads of the server; it shares the processors with what is measured. */
  private static final int SERVER_THREADS = 8;

  static {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // else each answer may take 40 ms
  }

  private final Map<LabelledImage, String> addresses = new IdentityHashMap<>();
  private final String prefix;
  private final AutoCloseable source;

  private ImageAddresses(String prefix, List<LabelledImage> images, AutoCloseable source) {
    this.prefix = prefix;
    this.source = source;
    for (LabelledImage image : images) {
      addresses.put(image, prefix + addresses.size());
    }
  }

  /** Writes images into a folder of their own. */
  public static ImageAddresses files(List<LabelledImage> images) throws IOException {
    Path folder = Files.createTempDirectory("vmoe-images").toRealPath();
    for (int i = 0; i < images.size(); i++) {
      Files.write(folder.resolve(Integer.toString(i)), images.get(i).encoded());
    }
    return new ImageAddresses("file://" + folder + "/", images, () -> delete(folder));
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /** Serves images over HTTP. */
  public static ImageAddresses http(List<LabelledImage> images) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ExecutorService threads = Executors.newFixedThreadPool(SERVER_THREADS);
    server.setExecutor(threads);
    server.createContext("/images/", exchange -> answer(exchange, images));
    server.start();
    return new ImageAddresses(
        "http://127.0.0.1:" + server.getAddress().getPort() + "/images/",
        images,
        () -> {
          server.stop(0);
          threads.shutdownNow();
        });
  }

  private static void answer(HttpExchange exchange, List<LabelledImage> images) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] image =
        images.get(Integer.parseInt(path.substring(path.lastIndexOf('/') + 1))).encoded();
    try (exchange) {
      exchange.sendResponseHeaders(200, image.length);
      exchange.getResponseBody().write(image);
    }
  }

  /** Returns the settings of a pipeline that may fetch them. */
  public Map<String, String> settings() {
    return Map.of(Settings.FETCH_PREFIXES, prefix, Settings.FETCH_PRIVATE_HOSTS, "127.0.0.1");
  }

  /** Returns an image as a producer sends it that sends its address. */
  public ImageRequest request(LabelledImage image) {
    return ImageRequest.newBuilder()
        .setImageUrl(addresses.get(image))
        .setLabel(image.label())
        .build();
  }

  @Override
  public void close() {
    try {
      source.close();
    } catch (Exception e) {
      throw new IllegalStateException("images at " + prefix + " are left behind", e);
    }
  }
}
