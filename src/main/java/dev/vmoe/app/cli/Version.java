package dev.vmoe.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version, from a file that the build writes. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() throws IOException {
    try (InputStream resource = Version.class.getResourceAsStream("version.properties")) {
      if (resource == null) {
        throw new IOException("the class path has no version.properties");
      }
      Properties properties = new Properties();
      properties.load(resource);
      return new String[] {
        "vmoe " + properties.getProperty("version"),
        "ONNX Runtime "
            + properties.getProperty("onnxruntime")
            + " ("
            + properties.getProperty("onnxruntime.artifact")
            + ")",
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.arch")
      };
    }
  }
}
