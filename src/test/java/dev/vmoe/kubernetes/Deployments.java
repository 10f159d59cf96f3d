package dev.vmoe.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** All that is deployed or shown how to: the overlays, and the example of the documentation. */
final class Deployments {

  private static final Path PAGE = Kustomize.HOME.resolve("src/docs/kubernetes.md");

  /** A file in a block of code, whose first line names it. */
  private static final Pattern FILE =
      Pattern.compile(
          "```\\w*\\n# (\\S+/)?(kustomization.yaml|vmoe.properties)\\n(.*?)```", Pattern.DOTALL);

  private static List<Deployed> rendered;

  private Deployments() {}

  /**
   * One of them.
   *
   * @param name of the overlay, or where it is documented
   * @param yaml what Kubernetes is given
   * @param manifests the same, read
   */
  record Deployed(String name, String yaml, Manifests manifests) {

    /** Returns whether a part was added. */
    boolean has(Class<?> type) {
      return !manifests.allOf(type).isEmpty();
    }

    /** Returns whether it is the one on GPUs. */
    boolean onGpus() {
      return name.startsWith("gpu");
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Renders and reads all, once for all tests of this JVM. */
  static synchronized List<Deployed> all() throws IOException, InterruptedException {
    if (rendered == null) {
      rendered = render();
    }
    return rendered;
  }

  private static List<Deployed> render() throws IOException, InterruptedException {
    List<Deployed> all = new ArrayList<>();
    for (String overlay : Kustomize.overlays()) {
      all.add(deployed(overlay, Kustomize.overlay(overlay)));
    }
    all.add(deployed("kubernetes.md", Kustomize.build(example())));
    return List.copyOf(all);
  }

  private static Deployed deployed(String name, String yaml) throws IOException {
    try {
      return new Deployed(name, yaml, Manifests.read(yaml));
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
  }

  /** Writes the documentation's example into the build folder, beside this checkout. */
  private static Path example() throws IOException {
    Path folder = Files.createDirectories(Kustomize.HOME.resolve("target/kubernetes-example"));
    Matcher file = FILE.matcher(Files.readString(PAGE));
    while (file.find()) {
      Files.writeString(
          folder.resolve(file.group(2)), file.group(3).replace("../vmoe-streams/", "../../"));
    }
    return folder;
  }
}
