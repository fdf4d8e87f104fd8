'use strict';

// Loaded with `node --require` before a program of ali-ons. When the consumer pulls for the first time, the library reads the progress of one queue more,
// as it does where two of its balancings run beside each other, and asks $SILENT (H:P) for it, which never answers: the program has its message and
// closes while the library waits.

const MessageQueue = require('ali-ons/lib/message_queue');
const MQClient = require('ali-ons/lib/mq_client');
const { PULL_MESSAGE, QUERY_CONSUMER_OFFSET } = require('ali-ons/lib/protocol/request_code');

const QUEUE_NOT_ANSWERED_FOR = 99;
const { invoke } = MQClient.prototype;
let isAsking = false;
let asked;
const hasAsked = new Promise(resolve => { asked = resolve; });

MQClient.prototype.invoke = async function(address, command, ...more) {
  if (command.code === QUERY_CONSUMER_OFFSET && command.customHeader.queueId === QUEUE_NOT_ANSWERED_FOR) {
    asked();
    return await invoke.call(this, process.env.SILENT, command, ...more);
  }
  if (command.code === PULL_MESSAGE) {
    if (!isAsking) {
      isAsking = true;
      const [ consumer ] = this._consumerTable.values();
      const [ { messageQueue: { topic, brokerName } } ] = consumer.processQueueTable.values();
      consumer.computePullFromWhere(new MessageQueue(topic, brokerName, QUEUE_NOT_ANSWERED_FOR));
    }
    await hasAsked;
  }
  return await invoke.call(this, address, command, ...more);
};
