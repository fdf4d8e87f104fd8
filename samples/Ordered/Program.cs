using System.Collections.Concurrent;
using RocketOps.Client;

const string Topic = "SAMPLE_ORDER_STATES";
string[] states = ["created", "paid", "shipped"];
string[] orders = [.. Enumerable.Range(0, 3).Select(static order => $"order-{DateTime.UtcNow:HHmmss}-{order}")];

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

// One key, one queue: the states of an order keep their order, those of two orders need none.
await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-ordered" });
foreach (string state in states)
{
    foreach (string order in orders)
    {
        await producer.SendAsync(new Message(Topic, state) { Keys = order }, shardingKey: order);
    }
}

// The queue is locked at the broker: no other member has it, and its messages come one at a time.
TaskCompletionSource done = new();
ConcurrentDictionary<string, int> seen = new(orders.Select(static order => KeyValuePair.Create(order, 0)));
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-ordered", IsOrderly = true, ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
{
    Console.WriteLine($"{message.Queue.QueueId}/{message.QueueOffset}: {message.Keys} {message.GetText()}");
    Check(message.Keys ?? string.Empty, message.GetText());
    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();
await done.Task.WaitAsync(TimeSpan.FromMinutes(1));

void Check(string order, string state)
{
    if (!seen.TryGetValue(order, out int count))
    {
        // Of an earlier run.
        return;
    }

    int number = Array.IndexOf(states, state);
    if (number > count)
    {
        done.TrySetException(new InvalidOperationException($"{order} came as {state} before it was {states[count]}"));
    }
    else if (number == count)
    {
        // One that is less comes again, as any message may: at least once.
        seen[order] = count + 1;
        if (seen.Values.All(each => each == states.Length))
        {
            done.TrySetResult();
        }
    }
}
