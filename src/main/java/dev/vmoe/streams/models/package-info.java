/** Models as files: their folders, checksums and quality profiles; opening one to serve it. */
@NullMarked
package dev.vmoe.streams.models;

import org.jspecify.annotations.NullMarked;
