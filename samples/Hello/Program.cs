using RocketOps.Client;

await using RocketMqProducer producer = new(new ProducerOptions { Group = "hello-producer" });
SendResult sent = await producer.SendAsync(new Message("HELLO", "hello, world"));
Console.WriteLine($"sent {sent.MessageId} to {sent.Queue}");

TaskCompletionSource arrived = new();
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = "hello-consumer", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync("HELLO", "*", (message, cancellationToken) =>
{
    Console.WriteLine($"received {message.GetText()}");
    if (message.MessageId == sent.MessageId)
    {
        arrived.TrySetResult();
    }

    return ValueTask.FromResult(ConsumeResult.Success);
});
await consumer.StartAsync();
await arrived.Task;
