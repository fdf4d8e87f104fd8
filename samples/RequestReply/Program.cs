using RocketOps.Client;

const string Topic = "SAMPLE_REQUESTS";

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-requests" });
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-requests", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", async (message, cancellationToken) =>
{
    if (message.IsRequest)
    {
        try
        {
            await producer.ReplyAsync(message, message.GetText().ToUpperInvariant(), cancellationToken);
        }
        catch (RocketMqException gone)
        {
            // Nobody waits any more: to handle the message again would not change that.
            Console.WriteLine(gone.Message);
        }
    }

    return ConsumeResult.Success;
});
await consumer.StartAsync();

foreach (string word in (string[])["hello", "world"])
{
    ReceivedMessage reply = await producer.RequestAsync(new Message(Topic, word), TimeSpan.FromSeconds(30));
    Console.WriteLine($"{word} -> {reply.GetText()}");
}
