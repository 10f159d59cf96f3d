/** Operating points and the controllers that choose among them: a sample in, a decision out. */
@NullMarked
package dev.vmoe.capacity;

import org.jspecify.annotations.NullMarked;
