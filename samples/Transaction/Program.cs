using System.Collections.Concurrent;
using RocketOps.Client;

const string Topic = "SAMPLE_TRANSACTIONS";

// Stands for a database: what the local work leaves behind, and what the checker looks at.
ConcurrentDictionary<string, bool> orders = new();

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

await using RocketMqProducer producer = new(new ProducerOptions
{
    Group = "sample-transactions",
    TransactionChecker = (message, cancellationToken) =>
    {
        bool exists = orders.ContainsKey(message.Keys!);
        Console.WriteLine($"the broker asks about {message.Keys}: it {(exists ? "exists" : "does not exist")}");
        return ValueTask.FromResult(exists ? TransactionResolution.Commit : TransactionResolution.Rollback);
    },
});

await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-transactions", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
{
    Console.WriteLine($"received {message.Keys}");
    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();

await using (IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message(Topic, "17 bottles", keys: "order-17")))
{
    orders["order-17"] = true;
    await transaction.CommitAsync();
}

// The work is done and the program fails before the commit: the broker asks, and consumers get the message all the same, after some seconds.
await using (await producer.BeginTransactionAsync(new Message(Topic, "18 bottles", keys: "order-18")))
{
    orders["order-18"] = true;
}

Console.WriteLine("press Enter to end");
Console.ReadLine();
