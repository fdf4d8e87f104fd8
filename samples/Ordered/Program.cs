using RocketOps.Client;

const string Topic = "SAMPLE_ORDER_STATES";
const int Orders = 3;

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

// One key, one queue: the states of an order keep their order, those of two orders need none.
await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-ordered" });
foreach (string state in new[] { "created", "paid", "shipped" })
{
    for (int order = 0; order < Orders; order++)
    {
        await producer.SendAsync(new Message(Topic, state) { Keys = $"order-{order}" }, shardingKey: $"order-{order}");
    }
}

// The queue is locked at the broker: no other member has it, and its messages come one at a time.
TaskCompletionSource done = new();
int received = 0;
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-ordered", IsOrderly = true, ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
{
    Console.WriteLine($"{message.Queue.QueueId}/{message.QueueOffset}: {message.Keys} {message.GetText()}");
    if (Interlocked.Increment(ref received) == Orders * 3)
    {
        done.TrySetResult();
    }

    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();
await done.Task.WaitAsync(TimeSpan.FromMinutes(1));
