package dev.vmoe;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

/** The compiled classes of the product, without tests; read once for all tests of this JVM. */
public final class ServingClasses {

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.vmoe");

  private ServingClasses() {}

  /** Returns all of them. */
  public static JavaClasses all() {
    return ALL;
  }
}
