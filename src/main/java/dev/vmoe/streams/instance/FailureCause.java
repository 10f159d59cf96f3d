package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryUnavailableException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;

/** What a failure of a stream thread is due to. */
final class FailureCause {

  private FailureCause() {}

  /** Returns whether no image can be the cause of a failure: brokers, registry or rights are. */
  static boolean besideImages(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof AuthenticationException
          || cause instanceof AuthorizationException
          || cause instanceof TimeoutException
          || cause instanceof DisconnectException
          || cause instanceof ProducerFencedException
          || cause instanceof InvalidProducerEpochException
          || cause instanceof InvalidTxnStateException
          || cause instanceof RegistryUnavailableException) {
        return true;
      }
    }
    return false;
  }
}
