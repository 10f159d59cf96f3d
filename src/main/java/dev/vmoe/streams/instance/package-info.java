/**
 * One running instance: the parts of the pipeline put together, the model it serves, the controller
 * that chooses its operating points, and what the console shows of it.
 *
 * <pre>
 * config ──▶ LiveConfiguration ──▶ TermsInForce: settings, model, limits and controller of the
 *                                                next batch, one value
 *            end of images     ──▶ LagMonitor ──▶ the load that a controller is told
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.instance;

import org.jspecify.annotations.NullMarked;
