/** Labelled images: folders of image files, IDX files, and what is in them. */
@NullMarked
package dev.vmoe.dataset;

import org.jspecify.annotations.NullMarked;
