/** The demo: broker, registry and pipeline in one process, with the bundled images as load. */
@NullMarked
package dev.vmoe.app.demo;

import org.jspecify.annotations.NullMarked;
