package dev.vmoe.app.doctor;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.MissingRight;
import dev.vmoe.streams.topics.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Checks the rights of this user by descriptions alone. The brokers list the allowed operations on
 * topics and on existing groups; a right on a transactional id shows in whether it may be
 * described.
 */
final class RightsCheck {

  private static final String SUBJECT = "rights";
  private static final String ADVICE = "have it granted, then run vmoe doctor again";

  private final Settings settings;
  private final Topics topics;
  private final Admin admin;

  RightsCheck(Settings settings, Admin admin) {
    this.settings = settings;
    this.topics = Topics.of(settings);
    this.admin = admin;
  }

  void into(Findings findings) throws InterruptedException {
    String id = settings.getString(Settings.APPLICATION_ID);
    List<String> lacks = new ArrayList<>();
    for (String topic : topics.all()) {
      ofTopic(topic, topics.operations(topic), lacks);
    }
    ofGroup(id, lacks);
    ofTransactions(id, lacks);
    lacks.forEach(lack -> findings.failed(SUBJECT, lack, ADVICE));
    if (lacks.isEmpty()) {
      findings.ok(SUBJECT, "sufficient for topics, groups and transactional ids of " + id);
    }
  }

  private void ofTopic(String topic, Set<AclOperation> needed, List<String> lacks)
      throws InterruptedException {
    Set<AclOperation> missing = Set.of();
    try {
      missing = MissingRight.of(MissingRight.described(admin, topic).get(), needed);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        missing = needed;
      } // TopicsCheck reports a missing topic
    }
    if (!missing.isEmpty()) {
      lacks.add(MissingRight.onTopic(topic, missing));
    }
  }

  private void ofGroup(String group, List<String> lacks) throws InterruptedException {
    boolean missing;
    try {
      missing = !MissingRight.of(allowed(group), Set.of(AclOperation.READ)).isEmpty();
    } catch (ExecutionException e) {
      missing = e.getCause() instanceof AuthorizationException;
      // otherwise nobody has joined the group yet
    }
    if (missing) {
      lacks.add(MissingRight.onGroup(group));
    }
  }

  private @Nullable Set<AclOperation> allowed(String group)
      throws InterruptedException, ExecutionException {
    var options = new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true);
    return admin
        .describeConsumerGroups(List.of(group), options)
        .all()
        .get()
        .values()
        .iterator()
        .next()
        .authorizedOperations();
  }

  /** The right to write with a transactional id includes the right to describe it. */
  private void ofTransactions(String application, List<String> lacks) throws InterruptedException {
    String id = application + "-doctor";
    try {
      admin.describeTransactions(List.of(id)).description(id).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        lacks.add(MissingRight.onTransactionalId(application + "-*"));
      } // otherwise there is none of this name, as expected
    }
  }
}
