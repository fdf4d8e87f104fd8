using System.Collections.Concurrent;
using RocketOps.Client;

const string Topic = "SAMPLE_TRACED";
const char FieldEnd = '\u0001';
const char EntryEnd = '\u0002';

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

// Whoever sends and whoever handles tells what happened. Nobody waits for it; what is left is told when they are disposed.
string id;
await using (RocketMqProducer producer = new(new ProducerOptions { Group = "sample-trace", EnableTrace = true }))
{
    SendResult sent = await producer.SendAsync(new Message(Topic, "17 bottles", keys: "order-17"));
    id = sent.MessageId;
}

TaskCompletionSource handled = new();
await using (RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-trace", EnableTrace = true, ConsumeFromWhere = ConsumeFromWhere.FirstOffset }))
{
    await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
    {
        if (message.MessageId == id)
        {
            handled.TrySetResult();
        }

        return ValueTask.FromResult(ConsumeResult.Success);
    });
    await consumer.StartAsync();
    await handled.Task.WaitAsync(TimeSpan.FromMinutes(1));
}

// Traces are messages, of several entries each. mqadmin queryMsgTraceById and consoles find them by the id, which is among their keys.
TaskCompletionSource complete = new();
ConcurrentDictionary<string, bool> kinds = new();
await using RocketMqPushConsumer traces = new(new PushConsumerOptions { Group = "sample-trace-reader", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await traces.SubscribeAsync("RMQ_SYS_TRACE_TOPIC", "*", (message, cancellationToken) =>
{
    foreach (string entry in message.GetText().Split(EntryEnd, StringSplitOptions.RemoveEmptyEntries).Where(entry => entry.Contains(id, StringComparison.Ordinal)))
    {
        Console.WriteLine(entry.Replace(FieldEnd, ' '));
        kinds[entry.Split(FieldEnd)[0]] = true;
    }

    if (kinds.ContainsKey("Pub") && kinds.ContainsKey("SubBefore") && kinds.ContainsKey("SubAfter"))
    {
        complete.TrySetResult();
    }

    return ValueTask.FromResult(ConsumeResult.Success);
});
await traces.StartAsync();
await complete.Task.WaitAsync(TimeSpan.FromMinutes(1));
