using System.Diagnostics;
using RocketOps.Client;

const string Topic = "SAMPLE_BATCHES";
const int Count = 5_000;

await using (RocketMqAdmin admin = new(new AdminOptions()))
{
    await admin.CreateTopicAsync(Topic, queues: 4);
}

foreach (bool autoBatch in new[] { false, true })
{
    await using RocketMqProducer producer = new(new ProducerOptions { Group = "sample-batches", AutoBatch = autoBatch, SendTimeout = TimeSpan.FromSeconds(30) });
    await producer.GetQueuesAsync(Topic);
    long begin = Stopwatch.GetTimestamp();
    await Task.WhenAll(Enumerable.Range(0, Count).Select(i => producer.SendAsync(new Message(Topic, $"reading {i}"), shardingKey: $"meter-{i % 10}")));
    Console.WriteLine($"{Count} messages of ten keys {(autoBatch ? "in automatic batches, each key in order" : "one by one")}: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms");
}
