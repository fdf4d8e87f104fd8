using RocketOps.Broker.Tests.Support;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>The hot path, through sockets and all threads of the process: what a message may cost in steady state is less than any object.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    private const int WarmUp = 20_000;
    private const int Measured = 20_000;

    /// <summary>The smallest object has 24 bytes, and may be shared by a batch. Timers and the runtime itself allocate some hundred bytes a round meanwhile.</summary>
    private const long BytesPerMessage = 1;

    /// <summary>The process's other threads only ever add: the least of some rounds is what the messages cost.</summary>
    private const int Rounds = 5;

    [Fact]
    public async Task Send_SteadyState_AllocatesNothingPerMessage()
    {
        // Large enough that no index or log file ends while it is measured: a new one takes its buffers once per file, not per message.
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxIndexNum"] = "200000", ["mappedFileSizeCommitLog"] = "67108864" });
        await broker.CreateTopicAsync("Hot");
        byte[] frame = RawClient.Encode(Requests.Send("Hot", new string('x', 100), properties: Requests.Properties(("UNIQ_KEY", "0A010209126718B4AAC2000186A00000"), ("TAGS", "A"))));

        Measure(broker, frame).Should().BeLessThan(BytesPerMessage * Measured);
    }

    [Fact]
    public async Task Pull_SteadyState_AllocatesNothingPerAnswer()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SendAsync("Hot", "one", properties: Requests.Properties(("TAGS", "A")));
        await broker.SubscribeAsync("g", "Hot", "A");
        byte[] frame = RawClient.Encode(Requests.Pull("g", "Hot", 0, 0, Remoting.Headers.PullMessageRequestHeader.CommitOffsetFlag, commit: 1));

        Measure(broker, frame).Should().BeLessThan(BytesPerMessage * Measured);
    }

    private static long Measure(TestBroker broker, byte[] frame)
    {
        using RawClient client = new(broker.Host.EndPoint);
        client.Exchange(frame, WarmUp).Should().Be(WarmUp);

        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            int succeeded = client.Exchange(frame, Measured);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            succeeded.Should().Be(Measured);
        }

        return least;
    }
}
