using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Tests.Support;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>A topic T on a fake cluster, the options of a group g that reads it from the start, and a handler that notes what comes.</summary>
public abstract class ConsumerTestBase
{
    internal ConcurrentQueue<ReceivedMessage> Received { get; } = new();

    /// <summary>What handlers noted, by default the texts of <see cref="Received"/>.</summary>
    internal ConcurrentQueue<string> Texts { get; } = new();

    internal static async Task<FakeCluster> StartClusterAsync(int queues)
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", queues);
        return cluster;
    }

    internal static PushConsumerOptions Options(FakeCluster cluster, bool orderly = false) => cluster.ConsumerOptions with
    {
        IsOrderly = orderly,
        SuspendDelay = TimeSpan.FromMilliseconds(20),
        PullRetryDelay = TimeSpan.FromMilliseconds(100),
    };

    internal static RocketMqPushConsumer Consumer(FakeCluster cluster) => new(Options(cluster));

    internal static string Text(ReceivedMessage message) => Encoding.UTF8.GetString(message.Body.Span);

    internal ValueTask<ConsumeResult> Collect(ReceivedMessage message, CancellationToken cancellationToken)
    {
        Received.Enqueue(message);
        Texts.Enqueue(Text(message));
        return ValueTask.FromResult(ConsumeResult.Success);
    }
}
