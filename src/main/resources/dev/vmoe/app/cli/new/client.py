"""Sends images and prints the answers: python3 client.py photo.jpg ...

Needs Debian's python3-confluent-kafka, or confluent-kafka of PyPI.
"""

import json, mimetypes, sys, time
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

BROKERS = "{{bootstrap.servers}}"
IMAGES = "{{topics.images}}"
PREDICTIONS = "{{topics.predictions}}"
DEAD_LETTERS = "{{topics.images.dlq}}"
PATIENCE_SECONDS = 60

# without answers that were rolled back, from now on
consumer = Consumer({
    "bootstrap.servers": BROKERS, "group.id": "unused", "enable.auto.commit": False,
    "isolation.level": "read_committed"})
ends = []
for topic in (PREDICTIONS, DEAD_LETTERS):
    for partition in consumer.list_topics(topic, 10).topics[topic].partitions:
        now = TopicPartition(topic, partition)
        now.offset = consumer.get_watermark_offsets(now, 10)[1]
        ends.append(now)
consumer.assign(ends)

waiting = {}  # files by the position of their image, which identifies it


def sent(file):
    def note(error, record):
        if error:
            raise KafkaException(error)
        waiting[record.topic(), record.partition(), record.offset()] = file
    return note


producer = Producer({
    "bootstrap.servers": BROKERS, "enable.idempotence": True, "message.max.bytes": 16_000_000})
for name in sys.argv[1:]:
    kind = mimetypes.guess_type(name)[0] or "image/jpeg"
    producer.produce(
        IMAGES, Path(name).read_bytes(), key=Path(name).name, on_delivery=sent(name),
        headers={"content-type": kind, "vmoe-id": Path(name).name})
producer.flush()

deadline = time.monotonic() + PATIENCE_SECONDS
while waiting and time.monotonic() < deadline:
    record = consumer.poll(1)
    if record is None:
        continue
    if record.error():
        raise KafkaException(record.error())
    if record.topic() == PREDICTIONS:
        answer = json.loads(record.value())
        best = answer["top"][0]
        where = answer["sourceTopic"], answer["sourcePartition"], answer["sourceOffset"]
        said = f"{best['label']}\t{best['score']:.3f}"
    else:
        errors = {name: (value or b"").decode(errors="replace") for name, value in record.headers()}
        of = lambda name: errors["__streams.errors." + name]
        where = of("topic"), int(of("partition")), int(of("offset"))
        said = f"not answered: {of('message')}"
    file = waiting.pop(where, None)  # None: an image of somebody else, or a repeat
    if file:
        print(file, said, sep="\t", flush=True)
if waiting:
    sys.exit(f"no answer in {PATIENCE_SECONDS} s: {', '.join(waiting.values())}")
