// Sends image files, as JSON or Avro: node produce.js [--avro] FILE...
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import avsc from "avsc";
import kafkajs from "kafkajs";

const { BROKERS = "localhost:9092", REGISTRY = "http://localhost:8081", TOPIC = "vmoe.images" } = process.env;

function asJson(request) {
  return JSON.stringify({ ...request, image: request.image.toString("base64") });
}

/** Confluent's wire format: a zero, the schema's id in four bytes, Avro. */
async function avroWriter() {
  const answer = await fetch(`${REGISTRY}/subjects/${TOPIC}-value/versions/latest`);
  const { id, schema } = await answer.json();
  const type = avsc.Type.forSchema(JSON.parse(schema));
  const start = Buffer.alloc(5);
  start.writeInt32BE(id, 1);
  return (request) => Buffer.concat([start, type.toBuffer(request)]);
}

const avro = process.argv[2] === "--avro";
const write = avro ? await avroWriter() : asJson;
const headers = { "content-type": avro ? "application/avro" : "application/json" };
const producer = new kafkajs.Kafka({ brokers: BROKERS.split(",") }).producer({
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner, // as Kafka's Java clients
  idempotent: true, // with acks=all: what is acknowledged is there once
  maxInFlightRequests: 1,
});
await producer.connect();
try {
  for (const file of process.argv.slice(avro ? 3 : 2)) {
    const value = write({ image: await readFile(file), id: basename(file) });
    await producer.send({ topic: TOPIC, acks: -1, messages: [{ key: basename(file), value, headers }] });
  }
} finally {
  await producer.disconnect();
}
