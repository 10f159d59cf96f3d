package dev.vmoe.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.SecurityUtils;

/** The table of {@code src/docs/security.md}: who needs which rights on the brokers. */
final class Rights {

  private static final Pattern ROW =
      Pattern.compile("\\| (\\w+) \\| (topic|group|transactional id) \\| `(\\S+)` \\| (.+) \\|");

  /**
   * One operation of one row.
   *
   * @param user name in the table
   * @param name of the resource; a prefix if it ends with a star
   */
  record Right(String user, ResourceType on, String name, AclOperation operation) {

    /** Returns it as an entry of the access control list, for this principal. */
    AclBinding granted(String principal) {
      boolean prefix = name.endsWith("*");
      return new AclBinding(
          new ResourcePattern(
              on,
              prefix ? name.substring(0, name.length() - 1) : name,
              prefix ? PatternType.PREFIXED : PatternType.LITERAL),
          new AccessControlEntry("User:" + principal, "*", operation, AclPermissionType.ALLOW));
    }

    /** Returns the operation as the table writes it. */
    String operationName() {
      return SecurityUtils.operationName(operation);
    }

    @Override
    public String toString() {
      return user + " " + operationName() + " on " + name;
    }
  }

  private Rights() {}

  /** Returns all of the table, one operation each. */
  static List<Right> listed() {
    Path page = Path.of(System.getProperty("vmoe.home", "."), "src/docs/security.md");
    try {
      return Files.readAllLines(page).stream()
          .map(ROW::matcher)
          .filter(Matcher::matches)
          .flatMap(
              row ->
                  Arrays.stream(row.group(4).split(", "))
                      .map(
                          operation ->
                              new Right(
                                  row.group(1),
                                  SecurityUtils.resourceType(type(row.group(2))),
                                  row.group(3),
                                  SecurityUtils.operation(operation))))
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String type(String word) {
    return switch (word) {
      case "topic" -> "Topic";
      case "group" -> "Group";
      default -> "TransactionalId";
    };
  }
}
