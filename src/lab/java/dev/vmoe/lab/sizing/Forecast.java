package dev.vmoe.lab.sizing;

/**
 * What one instance is expected to do under a steady load.
 *
 * @param imagesPerSecond rate that comes to the instance
 * @param meanBatch images a batch
 * @param fullShare share of the batches that are closed full
 * @param busyShare share of the time in which the model runs
 * @param capacityRatio mean requested capacity ratio, by image
 * @param expertsPerToken mean K, by image
 * @param accuracy expected accuracy, 0 to 1, each image in a batch of the size it had
 * @param gaveUp accuracy lost against the best point at the same batch sizes, 0 to 1
 * @param p50Ms median from sending to reading, in milliseconds
 * @param p99Ms 99th percentile, mean over the repetitions, in milliseconds
 * @param p99LowMs the smallest p99 of a repetition
 * @param p99HighMs the largest p99 of a repetition
 */
public record Forecast(
    double imagesPerSecond,
    double meanBatch,
    double fullShare,
    double busyShare,
    double capacityRatio,
    double expertsPerToken,
    double accuracy,
    double gaveUp,
    double p50Ms,
    double p99Ms,
    double p99LowMs,
    double p99HighMs) {}
