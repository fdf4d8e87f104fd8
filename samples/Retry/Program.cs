using RocketOps.Client;

const string Topic = "SAMPLE_BILLS";
const string Group = "sample-retry";

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 2);
}

// A broker that was slow or did not answer is passed over for a while; a send that failed is tried at another one.
await using RocketMqProducer producer = new(new ProducerOptions { Group = Group, SendLatencyFaultEnable = true });
await producer.SendAsync(new Message(Topic, "a good bill"));
await producer.SendAsync(new Message(Topic, "a bill that cannot be paid"));

// What fails comes again, later each time; what cannot be done goes to the dead letters, where somebody looks.
await using RocketMqPushConsumer consumer = new(new PushConsumerOptions { Group = Group, MaxReconsumeTimes = 5, ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic, "*", (message, cancellationToken) =>
{
    Console.WriteLine($"attempt {message.ReconsumeTimes + 1}: {message.GetText()}");
    return ValueTask.FromResult(
        !message.GetText().Contains("cannot", StringComparison.Ordinal) ? ConsumeResult.Success
        : message.ReconsumeTimes == 0 ? ConsumeResult.LaterAt(delayLevel: 1)
        : ConsumeResult.DeadLetter);
});
await consumer.StartAsync();

TaskCompletionSource buried = new();
await using RocketMqPushConsumer undertaker = new(new PushConsumerOptions { Group = $"{Group}-dead", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await undertaker.SubscribeAsync($"%DLQ%{Group}", "*", (message, cancellationToken) =>
{
    Console.WriteLine($"dead: {message.GetText()}");
    buried.TrySetResult();
    return ValueTask.FromResult(ConsumeResult.Success);
});
await undertaker.StartAsync();
await buried.Task.WaitAsync(TimeSpan.FromMinutes(2));
