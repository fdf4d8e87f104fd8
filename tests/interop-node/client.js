'use strict';

// Command line around npm's ali-ons. Prints one JSON object per line, with the names that the Java client of the kit uses.
//
//   node client.js send    --namesrv H:P --topic T --count N [--tag A,B] [--keys PREFIX] [--property k=v] [--number NAME] [--body TEXT]
//                          [--delay-level N] [--pause MS] [--go-on] [--timeout MS]
//   node client.js receive --namesrv H:P --topic T --group G --count N [--tag 'A || B' | --sql EXPRESSION] [--broadcast] [--fail-first N] [--seconds S] [--timeout MS]
//
// --timeout is what an answer may take, and a send with all its attempts; without it the library's own 30 s and 3 s.
// --number gives each message its number as that property. With --go-on a failed send is a line like any other, with what its attempts met, and the next message is sent. With --fail-first a message fails until its
// reconsumeTimes reach N; those are printed with "consumed": false, and not counted. Exit code 0 as expected, 1 expectation missed or an error from the server, 2 wrong usage,
// 3 the library gave up at its start: to be run again.

const crypto = require('crypto');
const { setTimeout: pauseFor } = require('timers/promises');
const { parseArgs } = require('util');
const { Consumer, Message, Producer } = require('ali-ons');

const BODY_BYTES = 100;
const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
// The library insists on one, for looking up addresses over HTTP; name servers are given here.
const httpclient = { request() { throw new Error('no HTTP here'); } };
const print = line => process.stdout.write(JSON.stringify(line) + '\n');
const sha256 = bytes => crypto.createHash('sha256').update(bytes).digest('hex');

// The library makes a property without a name of the separator that servers of version 5 leave at the end.
const named = properties => Object.fromEntries(Object.entries(properties).filter(([ name ]) => name !== ''));

function options() {
  const text = { type: 'string' };
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      namesrv: text, topic: text, group: text, tag: text, keys: text, body: text,
      'go-on': { type: 'boolean', default: false },
      timeout: text,
      number: text, sql: text, 'delay-level': text,
      broadcast: { type: 'boolean', default: false },
      'fail-first': { type: 'string', default: '0' },
      pause: { type: 'string', default: '0' },
      count: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '30' },
      property: { type: 'string', multiple: true, default: [] },
    },
  });
  return { command: positionals[0], ...values, count: Number(values.count), seconds: Number(values.seconds) };
}

const patience = timeout => (timeout ? { sendMsgTimeout: Number(timeout), responseTimeout: Number(timeout) } : {});

// The library tells how often it tried, not what it met.
function causesOf(producer) {
  let causes = [];
  const attempt = producer.sendKernelImpl.bind(producer);
  producer.sendKernelImpl = async (...given) => {
    try {
      return await attempt(...given);
    } catch (error) {
      causes.push(`${new Date().toISOString()} ${error.code ?? error.name}: ${error.message}`);
      throw error;
    }
  };
  return () => {
    const taken = causes;
    causes = [];
    return taken;
  };
}

async function send({ namesrv, topic, count, tag, keys, property, body: text, number, 'delay-level': delayLevel, pause, timeout, 'go-on': goOn }) {
  const producer = new Producer({ nameSrv: namesrv, producerGroup: 'interop_node_producer', httpclient, logger: quiet, ...patience(timeout) });
  producer.on('error', error => console.error(error));
  await producer.ready();
  const takeCauses = causesOf(producer);
  const tags = tag ? tag.split(',') : [];
  for (let i = 0; i < count; i++) {
    const body = text === undefined ? crypto.randomBytes(BODY_BYTES) : Buffer.from(text);
    const message = tags.length ? new Message(topic, tags[i % tags.length], body) : new Message(topic, body);
    if (keys) message.keys = [`${keys}-${i}`];
    for (const pair of property) {
      const at = pair.indexOf('=');
      message.properties[pair.slice(0, at)] = pair.slice(at + 1);
    }
    if (number) message.properties[number] = String(i);
    if (delayLevel) message.delayTimeLevel = Number(delayLevel);
    if (i > 0 && Number(pause) > 0) await pauseFor(Number(pause));
    let result;
    takeCauses();
    try {
      result = await producer.send(message);
    } catch (error) {
      if (!goOn) throw error;
      print({ event: 'error', seq: i, type: error.name, message: error.message, causes: takeCauses() });
      continue;
    }
    print({
      event: 'sent', seq: i, sendStatus: result.sendStatus, topic, msgId: result.msgId, brokerName: result.messageQueue.brokerName, queueId: Number(result.messageQueue.queueId),
      queueOffset: Number(result.queueOffset), tags: message.tags, keys: message.keys, properties: message.properties,
      bodySize: body.length, bodySha256: sha256(body),
    });
    if (result.sendStatus !== 'SEND_OK' && !goOn) throw new Error(`message ${i}: ${result.sendStatus}`);
  }
  await producer.close();
}

async function receive({ namesrv, topic, group, count, tag, sql, broadcast, 'fail-first': failFirst, seconds, timeout }) {
  const consumer = new Consumer({
    nameSrv: namesrv, consumerGroup: group, httpclient, logger: quiet, rebalanceInterval: 1000, isBroadcast: broadcast, ...patience(timeout),
    // The library names the clients of a machine apart by itself only when they share queues.
    ...(broadcast ? { instanceName: String(process.pid) } : {}),
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  });
  let received = 0;
  consumer.on('error', error => {
    console.error(error);
    // The library shares queues out before the broker knows the group, and does nothing any more.
    if (received === 0 && error.message.includes('no consumer for this group')) process.exit(3);
  });
  await new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`${received} of ${count} messages within ${seconds} s`)), seconds * 1000);
    consumer.subscribe(topic, sql ? { expressionType: 'SQL92', subString: sql } : tag || '*', async message => {
      const consumed = message.reconsumeTimes >= Number(failFirst);
      print({
        event: 'message', consumed, topic: message.topic, queueId: message.queueId, queueOffset: Number(message.queueOffset), msgId: message.msgId,
        tags: message.tags, keys: message.keys, reconsumeTimes: message.reconsumeTimes, properties: named(message.properties),
        bornTimestamp: message.bornTimestamp, storeTimestamp: message.storeTimestamp, bodySize: message.body.length, bodySha256: sha256(message.body),
      });
      if (!consumed) return Consumer.ACTION_RETRY;
      if (++received === count) {
        clearTimeout(deadline);
        resolve();
      }
    });
  });
  await consumer.close();
}

async function main() {
  const given = options();
  const commands = { send, receive };
  if (!commands[given.command] || !given.namesrv || !given.topic) {
    console.error('usage: see the head of client.js');
    return 2;
  }
  await commands[given.command](given);
  return 0;
}

// The library keeps timers; the program ends when its work does.
main().then(code => process.exit(code), error => {
  console.error(error);
  process.exit(1);
});
