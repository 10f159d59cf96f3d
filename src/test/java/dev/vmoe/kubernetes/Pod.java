package dev.vmoe.kubernetes;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A pod with one container of the pipeline's image.
 *
 * @param template as it is deployed
 * @param settings where its settings file comes from
 */
record Pod(PodTemplateSpec template, ConfigMap settings) {

  private static final Path DOCKERFILE = Kustomize.HOME.resolve("ops/docker/Dockerfile");

  PodSpec spec() {
    return template.getSpec();
  }

  Container container() {
    List<Container> containers = spec().getContainers();
    if (containers.size() != 1) {
      throw new AssertionError("one container was expected: " + containers);
    }
    return containers.get(0);
  }

  /** Returns the container's variables over those of the image. */
  Map<String, String> environment() throws IOException {
    String image = Files.readString(DOCKERFILE).replaceAll("(?m)^#.*", "");
    Map<String, String> arguments = new TreeMap<>();
    Pattern.compile("(?m)^ARG (\\w+)=(\\S+)$")
        .matcher(image)
        .results()
        .forEach(argument -> arguments.put("${" + argument.group(1) + "}", argument.group(2)));
    Map<String, String> environment = new TreeMap<>();
    Pattern.compile("\\b(VMOE_[A-Z_]+)=(\\S+)")
        .matcher(image)
        .results()
        .forEach(
            variable ->
                environment.put(
                    variable.group(1),
                    arguments.getOrDefault(variable.group(2), variable.group(2))));
    for (EnvVar variable : container().getEnv()) {
      environment.put(variable.getName(), variable.getValue());
    }
    return environment;
  }

  /** Returns the text of the file that {@code --settings} names, through mount and volume. */
  String settingsFile() {
    List<String> args = container().getArgs();
    Path file = Path.of(args.get(args.indexOf("--settings") + 1));
    VolumeMount mount =
        one(
            container().getVolumeMounts().stream()
                .filter(candidate -> Path.of(candidate.getMountPath()).equals(file.getParent()))
                .toList());
    Volume volume =
        one(
            spec().getVolumes().stream()
                .filter(candidate -> candidate.getName().equals(mount.getName()))
                .toList());
    if (!volume.getConfigMap().getName().equals(settings.getMetadata().getName())) {
      throw new AssertionError("no ConfigMap " + volume.getConfigMap().getName());
    }
    String text = settings.getData().get(file.getFileName().toString());
    if (text == null) {
      throw new AssertionError("the ConfigMap has no " + file.getFileName());
    }
    return text;
  }

  /**
   * Returns the settings as the container loads them.
   *
   * @param folder for the files
   * @param secrets what the mounted secret holds, by file name; the folder stands for its mount
   */
  Settings load(Path folder, Map<String, String> secrets) throws IOException {
    for (Map.Entry<String, String> secret : secrets.entrySet()) {
      Files.writeString(folder.resolve(secret.getKey()), secret.getValue());
    }
    Path file = Files.writeString(folder.resolve("vmoe.properties"), settingsFile());
    Map<String, String> environment = new TreeMap<>(environment());
    for (String mount : secretMounts()) {
      environment.replaceAll((name, value) -> value.replace(mount, folder.toString()));
    }
    return new SettingsLoader(environment).load(file, Map.of());
  }

  /** Returns the folders in which the container finds secrets. */
  private List<String> secretMounts() {
    Set<String> secrets =
        spec().getVolumes().stream()
            .filter(volume -> volume.getSecret() != null)
            .map(Volume::getName)
            .collect(Collectors.toSet());
    return container().getVolumeMounts().stream()
        .filter(mount -> secrets.contains(mount.getName()))
        .map(VolumeMount::getMountPath)
        .toList();
  }

  private static <T> T one(Collection<T> found) {
    if (found.size() != 1) {
      throw new AssertionError("exactly one was expected: " + found);
    }
    return found.iterator().next();
  }
}
