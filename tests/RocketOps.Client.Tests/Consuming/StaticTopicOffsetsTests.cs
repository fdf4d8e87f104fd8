using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

/// <summary>A logical queue of a static topic: what is stored has the offsets of a physical queue, and the broker says how far the logical ones are ahead of them (offsetDelta).</summary>
public sealed class StaticTopicOffsetsTests : ConsumerTestBase
{
    private const long Delta = 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Consumer_MessagesOfALogicalQueue_HandlesAndCommitsOffsetsOfThat(bool orderly)
    {
        await using FakeCluster cluster = await StartLogicAsync();
        cluster.Broker.Offsets[("T", 0)] = Delta;
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RocketMqPushConsumer consumer = new(Options(cluster, orderly) with { MaxConcurrency = 1, CommitInterval = TimeSpan.FromMilliseconds(20) });
        await consumer.SubscribeAsync("T", "*", async (message, token) =>
        {
            await (message.GetText() == "m1" ? release.Task : Task.CompletedTask);
            return await Collect(message, token);
        });
        await consumer.StartAsync();

        await Eventually.TrueAsync(() => cluster.Broker.Offsets[("T", 0)] != Delta, "the first is committed while the second is at work");
        cluster.Broker.Offsets[("T", 0)].Should().Be(Delta + 1, "1 would set the group back to the queue's beginning");
        release.SetResult();
        await Eventually.TrueAsync(() => Texts.Count == 3, "all are handled");
        await consumer.StopAsync();

        Received.Select(static message => message.QueueOffset).Should().Equal(Delta, Delta + 1, Delta + 2);
        cluster.Broker.Offsets[("T", 0)].Should().Be(Delta + 3);
    }

    [Fact]
    public async Task Reader_MessagesOfALogicalQueue_HaveOffsetsOfThat()
    {
        await using FakeCluster cluster = await StartLogicAsync();
        await using RocketMqReader reader = new(new AdminOptions { NameServers = cluster.NameServer, RequestTimeout = Eventually.DefaultDeadline });

        ReadResult read = await reader.ReadAsync(cluster.Broker.Address, new MessageQueue("T", "broker-a", 0), Delta, 32, SubscriptionExpression.All, TimeSpan.Zero);

        read.Messages.Select(static message => message.QueueOffset).Should().Equal(Delta, Delta + 1, Delta + 2);
        read.NextOffset.Should().Be(Delta + 3);
    }

    private static async Task<FakeCluster> StartLogicAsync()
    {
        FakeCluster cluster = await StartClusterAsync(queues: 1);
        byte[] records = [];
        for (int i = 0; i < 3; i++)
        {
            cluster.Broker.Append("T", 0, "m" + i);
            records = [.. records, .. cluster.Broker.Record("T", 0, i)];
        }

        cluster.Broker.Overrides[RequestCode.PullMessage] = request =>
        {
            if (request.GetRequired("topic") != "T" || request.GetRequiredInt64("queueOffset") != Delta)
            {
                return null;
            }

            RemotingCommand answer = RemotingCommand.CreateResponse(request, ResponseCode.Success)
                .Set("suggestWhichBrokerId", 0).Set("nextBeginOffset", Delta + 3).Set("minOffset", 0).Set("maxOffset", Delta + 3).Set("offsetDelta", Delta);
            answer.Body = records;
            return answer;
        };
        return cluster;
    }
}
