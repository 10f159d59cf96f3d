/**
 * What a record of the images topic asks for. {@link dev.vmoe.streams.intake.RequestReader} turns
 * it into a request or a reason. When it may go on, {@code Admission} in {@code streams.commit}
 * decides.
 *
 * <pre>
 * record ──▶ RequestReader
 *            headers   ImageHeaders: id, label, priority, deadline
 *            envelope  CloudEvent in binary mode
 *            value     Avro, JSON or the bytes of an image: as content-type says
 *            limits    what may be tried, and what a prediction can carry
 *              │
 *              └──▶ Request, with the headers that its answer begins with: AnswerHeaders
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.intake;

import org.jspecify.annotations.NullMarked;
