/** Measures, before images are taken, how long runs take and how many should go on at once. */
@NullMarked
package dev.vmoe.core.survey;

import org.jspecify.annotations.NullMarked;
