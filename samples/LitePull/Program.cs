using RocketOps.Client;

const string Topic = "SAMPLE_LITE_PULL";

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 2);
}

await using (RocketMqProducer producer = new(new ProducerOptions { Group = "sample-lite-pull" }))
{
    for (int i = 0; i < 10; i++)
    {
        await producer.SendAsync(new Message(Topic, $"message {i}"));
    }
}

// As a member of a group: its queues are shared out, and what is committed is not read again.
await using (RocketMqLitePullConsumer member = new(new LitePullConsumerOptions { Group = "sample-lite-pull", ConsumeFromWhere = ConsumeFromWhere.FirstOffset, AutoCommit = false }))
{
    await member.SubscribeAsync(Topic);
    for (int polled = 0; polled < 10;)
    {
        foreach (ReceivedMessage message in await member.PollAsync(TimeSpan.FromSeconds(30)))
        {
            Console.WriteLine($"{message.Queue.QueueId}/{message.QueueOffset}: {message.GetText()}");
            polled++;
        }

        await member.CommitAsync();
    }
}

// By itself: one queue, once more from the beginning.
await using RocketMqLitePullConsumer alone = new(new LitePullConsumerOptions { Group = "sample-lite-pull-alone", ConsumeFromWhere = ConsumeFromWhere.FirstOffset, AutoCommit = false });
MessageQueue first = (await alone.GetQueuesAsync(Topic))[0];
await alone.AssignAsync([first]);
IReadOnlyList<ReceivedMessage> again = await alone.PollAsync(TimeSpan.FromSeconds(30));
Console.WriteLine($"{first} begins with {again[0].GetText()}; up to {alone.PositionOf(first)} was polled");
