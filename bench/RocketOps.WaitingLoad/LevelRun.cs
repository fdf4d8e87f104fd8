namespace RocketOps.WaitingLoad;

/// <summary>
/// Messages of one delay level at an even rate, and a consumer. Late counts from the producer's clock at the send plus the delay: until the broker stored the message in its topic
/// (<c>stored</c>), and until the consumer had it (<c>got</c>). <c>ack</c> is how long sends took: a machine that is busy shows there first.
/// </summary>
internal sealed class LevelRun(string broker, int rate, int seconds, int level, TimeSpan delay)
{
    public async Task<string> RunAsync()
    {
        await using BrokerClient client = new(broker);
        string topic = $"Levels{BrokerClient.NowMs}";
        await client.CreateTopicAsync(topic);
        Latenesses stored = new();
        Latenesses got = new();
        Latenesses acknowledged = new();
        int count = rate * seconds;
        Task receiving = client.ReceiveAsync(topic, count, (record, nowMs) =>
        {
            long due = record.BornTimestamp + (long)delay.TotalMilliseconds;
            stored.Add(record.StoreTimestamp - due);
            got.Add(nowMs - due);
        });
        await BrokerClient.PaceAsync(rate, count, async number =>
        {
            long begun = BrokerClient.NowMs;
            await client.TryAsync(number, BrokerClient.Message(topic, number, 0, $"DELAY\u0001{level}\u0002"));
            acknowledged.Add(BrokerClient.NowMs - begun);
        });
        await receiving;
        return $"sent={count} failed={client.Failed} received={stored.Count} {stored.Describe("stored")} {got.Describe("got")} {acknowledged.Describe("ack")}";
    }
}
