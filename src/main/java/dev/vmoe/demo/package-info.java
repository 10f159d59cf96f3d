/** The demo: broker, registry and pipeline in one process, under a load of bundled images. */
@NullMarked
package dev.vmoe.demo;

import org.jspecify.annotations.NullMarked;
