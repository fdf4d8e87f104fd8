using RocketOps.Client;

const string Topic = "SAMPLE_PRICES";
const int Prices = 5;

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 2);
}

await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-broadcast" });
for (int i = 0; i < Prices; i++)
{
    await producer.SendAsync(new Message(Topic, $"price {i}"));
}

// Each member has all messages, and keeps how far it came in a file of its own: the broker knows nothing of it.
string folder = Directory.CreateTempSubdirectory("sample-broadcast-").FullName;
await Task.WhenAll(ReadAllAsync("one"), ReadAllAsync("another"));
Directory.Delete(folder, recursive: true);

async Task ReadAllAsync(string name)
{
    TaskCompletionSource done = new();
    int received = 0;
    await using RocketMqPushConsumer member = new(new PushConsumerOptions
    {
        Group = "sample-broadcast",
        InstanceName = name,
        MessageModel = MessageModel.Broadcasting,
        BroadcastOffsetFolder = folder,
        ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
    });
    await member.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
    {
        Console.WriteLine($"{name}: {message.GetText()}");
        if (Interlocked.Increment(ref received) == Prices)
        {
            done.TrySetResult();
        }

        return ValueTask.FromResult(ConsumeResult.Success);
    });
    await member.StartAsync();
    await done.Task.WaitAsync(TimeSpan.FromMinutes(1));
}
