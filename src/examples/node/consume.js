// Prints each prediction once, whether it is JSON or Avro: node consume.js
import avsc from "avsc";
import kafkajs from "kafkajs";
import lz4 from "lz4js";

const { BROKERS = "localhost:9092", REGISTRY = "http://localhost:8081" } = process.env;
const { TOPIC = "vmoe.predictions", GROUP = "my-app" } = process.env;

// Predictions are compressed by LZ4, which kafkajs leaves to others.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  decompress: async (bytes) => Buffer.from(lz4.decompress(bytes)),
});

const types = new Map();

async function avroType(id) {
  if (!types.has(id)) {
    const { schema } = await (await fetch(`${REGISTRY}/schemas/ids/${id}`)).json();
    types.set(id, avsc.Type.forSchema(JSON.parse(schema)));
  }
  return types.get(id);
}

async function read({ headers, value }) {
  if (headers["content-type"].toString() === "application/json") {
    return JSON.parse(value);
  }
  return (await avroType(value.readInt32BE(1))).fromBuffer(value.subarray(5));
}

const newest = new Map(); // in a partition, answers to one partition of images come in its order

function isNew(partition, answer) {
  const pair = [partition, answer.sourceTopic, answer.sourcePartition].join();
  const fresh = answer.sourceOffset > (newest.get(pair) ?? -1);
  if (fresh) {
    newest.set(pair, answer.sourceOffset);
  }
  return fresh;
}

const consumer = new kafkajs.Kafka({ brokers: BROKERS.split(",") }).consumer({
  groupId: GROUP,
  readUncommitted: false, // without answers that were rolled back
});
await consumer.connect();
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    const answer = await read(message);
    if (isNew(partition, answer)) {
      console.log([answer.id, answer.top[0].label, answer.top[0].score.toFixed(3)].join("\t"));
    }
  },
});
