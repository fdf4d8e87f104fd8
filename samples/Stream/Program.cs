using System.Text.Json.Serialization;
using RocketOps.Client;

const string Topic = "SAMPLE_ORDERS";

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-stream" });
for (int i = 0; i < 10; i++)
{
    // The customer's orders keep their order.
    await producer.SendAsync(Message.FromJson(Topic, new Order($"order-{i}", i * 7), SampleJson.Default.Order), shardingKey: $"customer-{i % 3}");
}

await using RocketMqStreamConsumer consumer = new(new PushConsumerOptions { Group = "sample-stream", ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
await consumer.SubscribeAsync(Topic);
using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(1));
int received = 0;
await foreach (Delivery delivery in consumer.ReadAllAsync(deadline.Token))
{
    Order? order = delivery.Message.ReadJson(SampleJson.Default.Order);
    Console.WriteLine($"{delivery.Message.Queue}: {order?.Id}, {order?.Bottles} bottles");
    delivery.Ack();
    if (++received == 10)
    {
        break;
    }
}

internal sealed record Order(string Id, int Bottles);

[JsonSerializable(typeof(Order))]
internal sealed partial class SampleJson : JsonSerializerContext;
