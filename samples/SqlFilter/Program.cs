using RocketOps.Client;

// Needs a broker with enablePropertyFilter=true: rocketops broker config set enablePropertyFilter=true
const string Topic = "SAMPLE_READINGS";
const int Large = 5;

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-sql" });
for (int i = 0; i < 20; i++)
{
    Message reading = new(Topic, $"reading {i}");
    reading.SetProperty("value", $"{i * 10}");
    reading.SetProperty("room", i % 2 == 0 ? "cellar" : "roof");
    await producer.SendAsync(reading);
}

// The broker compares: what does not match never comes here. A wrong expression is refused at the start, with line and column.
TaskCompletionSource done = new();
int received = 0;
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-sql", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, SubscriptionExpression.Sql("value >= 100 AND room = 'cellar'"), (message, cancellationToken) =>
{
    Console.WriteLine($"{message.GetText()}: {message.Properties["value"]} in the {message.Properties["room"]}");
    if (Interlocked.Increment(ref received) == Large)
    {
        done.TrySetResult();
    }

    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();
await done.Task.WaitAsync(TimeSpan.FromMinutes(1));
