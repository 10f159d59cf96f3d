"""Prints each prediction once, whether it is JSON or Avro: python3 consume.py"""

import io, json, os, urllib.request
from functools import cache

from confluent_kafka import Consumer, KafkaException

BROKERS = os.environ.get("BROKERS", "localhost:9092")
REGISTRY = os.environ.get("REGISTRY", "http://localhost:8081")
TOPIC = os.environ.get("TOPIC", "vmoe.predictions")


@cache
def avro_reader(schema_id):
    import avro.io, avro.schema  # Debian's python3-avro

    answer = json.load(urllib.request.urlopen(f"{REGISTRY}/schemas/ids/{schema_id}"))
    return avro.io.DatumReader(avro.schema.parse(answer["schema"])), avro.io.BinaryDecoder


def read(record):
    if dict(record.headers())["content-type"] == b"application/json":
        return json.loads(record.value())
    reader, decoder = avro_reader(int.from_bytes(record.value()[1:5], "big"))
    return reader.read(decoder(io.BytesIO(record.value()[5:])))


newest = {}  # in a partition, answers to one partition of images come in its order


def is_new(record, answer):
    pair = record.partition(), answer["sourceTopic"], answer["sourcePartition"]
    new = answer["sourceOffset"] > newest.get(pair, -1)
    if new:
        newest[pair] = answer["sourceOffset"]
    return new


consumer = Consumer({
    "bootstrap.servers": BROKERS,
    "group.id": os.environ.get("GROUP", "my-app"),
    "isolation.level": "read_committed",  # without answers that were rolled back
    "auto.offset.reset": "earliest",
    "enable.auto.offset.store": False,  # an offset is committed once its answer was used
})
consumer.subscribe([TOPIC])
while True:
    record = consumer.poll(1)
    if record is None:
        continue
    if record.error():
        raise KafkaException(record.error())
    answer = read(record)
    if is_new(record, answer):
        best = answer["top"][0]
        print(answer["id"], best["label"], f"{best['score']:.3f}", sep="\t", flush=True)
    consumer.store_offsets(record)
