/**
 * Answers of two pipelines to the same images, held beside each other.
 *
 * <pre>
 * predictions of a ─┐
 *                   ├▶ AnswerTopics ──▶ Comparison ──▶ ComparisonResult
 * predictions of b ─┘
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.compare;

import org.jspecify.annotations.NullMarked;
