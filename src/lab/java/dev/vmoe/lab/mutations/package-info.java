/**
 * Damaged image files, decoded as an instance decodes them.
 *
 * <pre>
 * seed files of all formats → {@link dev.vmoe.lab.mutations.Mutants mutants} → batcher → counts, findings
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.mutations;

import org.jspecify.annotations.NullMarked;
