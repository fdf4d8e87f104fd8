using RocketOps.Client;

const string Topic = "SAMPLE_DELAYS";

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "sample-delays", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
{
    Console.WriteLine($"{DateTimeOffset.Now:HH:mm:ss} received {message.GetText()}");
    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();

await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-delays" });
await producer.SendAsync(new Message(Topic, "after level 3, ten seconds") { DelayLevel = 3 });
await producer.SendAsync(new Message(Topic, "after five seconds") { DeliverAfter = TimeSpan.FromSeconds(5) });
SendResult minute = await producer.SendAsync(new Message(Topic, "in a minute") { DeliverAt = DateTimeOffset.Now.AddMinutes(1) });
Console.WriteLine($"{DateTimeOffset.Now:HH:mm:ss} sent; Enter takes back the message of the minute");
Console.ReadLine();
if (minute.RecallHandle is { } handle)
{
    try
    {
        Console.WriteLine($"recalled {await producer.RecallAsync(handle)}");
    }
    catch (RocketMqException refused)
    {
        // Too late, or the broker lacks recallMessageEnable=true.
        Console.WriteLine(refused.Message);
    }
}
