/** Accuracy and time by operating point: CSV first, tables, profiles and charts from it. */
@NullMarked
package dev.vmoe.lab.sweep;

import org.jspecify.annotations.NullMarked;
