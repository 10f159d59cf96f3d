"""Sends image files, as JSON or Avro: python3 produce.py [--avro] FILE..."""

import base64, io, json, os, sys, urllib.request
from pathlib import Path

from confluent_kafka import Producer

BROKERS = os.environ.get("BROKERS", "localhost:9092")
REGISTRY = os.environ.get("REGISTRY", "http://localhost:8081")
TOPIC = os.environ.get("TOPIC", "vmoe.images")


def as_json(request):
    return json.dumps(request | {"image": base64.b64encode(request["image"]).decode()}).encode()


def avro_writer():
    """Confluent's wire format: a zero, the schema's id in four bytes, Avro."""
    import avro.io, avro.schema  # Debian's python3-avro

    latest = json.load(urllib.request.urlopen(f"{REGISTRY}/subjects/{TOPIC}-value/versions/latest"))
    schema = avro.schema.parse(latest["schema"])
    defaults = {field.name: field.default for field in schema.fields if field.has_default}

    def as_avro(request):
        value = io.BytesIO()
        value.write(b"\0" + latest["id"].to_bytes(4, "big"))
        avro.io.DatumWriter(schema).write(defaults | request, avro.io.BinaryEncoder(value))
        return value.getvalue()

    return as_avro


avro = "--avro" in sys.argv
write = avro_writer() if avro else as_json
headers = {"content-type": "application/avro" if avro else "application/json"}
failures = []
producer = Producer({
    "bootstrap.servers": BROKERS,
    "enable.idempotence": True,  # with acks=all: what is acknowledged is there once
    "partitioner": "murmur2_random",  # a key's partition as Kafka's Java clients choose it
    "message.max.bytes": 16 << 20,  # the topic's limit decides
})
for file in sys.argv[1 + avro:]:
    value = write({"image": Path(file).read_bytes(), "id": Path(file).name})
    while True:
        try:
            producer.produce(TOPIC, value, key=Path(file).name, headers=headers,
                             on_delivery=lambda error, _: error and failures.append(error))
            break
        except BufferError:  # the queue is full: let it drain
            producer.poll(1)
producer.flush()
sys.exit("\n".join(map(str, failures)) or 0)
