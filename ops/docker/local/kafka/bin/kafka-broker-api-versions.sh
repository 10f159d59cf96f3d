#!/usr/bin/env bash
# Succeeds if the broker answers.
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m -cp '/etc/kafka/docker:/opt/kafka/libs/*' \
  org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
