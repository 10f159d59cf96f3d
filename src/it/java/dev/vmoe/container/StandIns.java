package dev.vmoe.container;

import java.util.Map;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.ImageNameSubstitutor;

/**
 * Replaces the public images by those of {@code ops/docker/local/build}, on machines that reach no
 * image registry: {@code TESTCONTAINERS_IMAGE_SUBSTITUTOR=dev.vmoe.container.StandIns}.
 */
public final class StandIns extends ImageNameSubstitutor {

  private static final Map<String, String> LOCAL =
      Map.of(
          "apache/kafka:4.3.1", "local/kafka:4.3.1",
          "apicurio/apicurio-registry-kafkasql:2.6.13.Final",
              "local/apicurio-registry:2.6.13.Final");

  @Override
  public DockerImageName apply(DockerImageName original) {
    String local = LOCAL.get(original.asCanonicalNameString());
    return local == null
        ? original
        : DockerImageName.parse(local).asCompatibleSubstituteFor(original);
  }

  @Override
  protected String getDescription() {
    return "images built on this machine in place of public ones";
  }
}
