using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client.Tests.Consuming;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Tracing;

/// <summary>What producers and consumers write to the trace topic, field by field (admin.md §8). That Apache's tools read it is tested in the interop ring.</summary>
public sealed class MessageTraceTests : ConsumerTestBase
{
    private const string TraceTopic = "RMQ_SYS_TRACE_TOPIC";

    [Fact]
    public async Task Send_IsTracedWithWhatTheBrokerSaid()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => request.Get("b") == TraceTopic ? null
            : RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "7F0000010000002A").Set("queueId", "0").Set("queueOffset", "3").Set("MSG_REGION", "moon").Set("TRACE_ON", "true");
        SendResult result;
        await using (RocketMqProducer producer = Producer(cluster))
        {
            result = await producer.SendAsync(new Message("T", "hello", "tagA", "key1", "key2"));
        }

        string[] entry = Entries(cluster).Should().ContainSingle().Subject;
        long.Parse(entry[1]).Should().BeGreaterThan(1_700_000_000_000);
        int.Parse(entry[10]).Should().BeGreaterThanOrEqualTo(0);
        entry[1] = entry[10] = "-";
        entry.Should().Equal("Pub", "-", "moon", "p", "T", result.MessageId, "tagA", "key1 key2", cluster.Broker.Address, "5", "-", "0", "7F0000010000002A", "true");
        Trace(cluster).Properties["KEYS"].Split(' ').Should().BeEquivalentTo(result.MessageId, "key1", "key2");
        Trace(cluster).Group.Should().Be("_INNER_TRACE_PRODUCER-p-PRODUCE-0");
    }

    [Fact]
    public async Task Send_WithoutTagAndKeysAndDelayedAndInABatch_IsTracedToo()
    {
        await using FakeCluster cluster = await StartAsync();
        SendResult batch;
        await using (RocketMqProducer producer = Producer(cluster))
        {
            await producer.SendAsync(new Message("T", "later") { DelayLevel = 3 });
            batch = await producer.SendBatchAsync([new Message("T", "1"), new Message("T", "22")]);
        }

        string[][] entries = Entries(cluster);
        entries.Select(static entry => entry[11]).Should().Equal("3", "0", "0");
        entries[0][6].Should().Be("null");
        entries[0][7].Should().Be("null");
        entries[0][2].Should().Be("DefaultRegion", "the broker named none");
        entries[1..].Select(static entry => entry[5]).Should().Equal(batch.MessageId.Split(','));
        entries[1..].Select(static entry => entry[9]).Should().Equal("1", "2");
    }

    [Fact]
    public async Task Send_InAutomaticBatches_IsTracedMessageByMessage()
    {
        await using FakeCluster cluster = await StartAsync();
        SendResult[] results;
        await using (RocketMqProducer producer = Producer(cluster, static options => options with { AutoBatch = true }))
        {
            results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => producer.SendAsync(new Message("T", "m" + i))));
        }

        Entries(cluster).Select(static entry => entry[5]).Should().BeEquivalentTo(results.Select(static result => result.MessageId));
        Entries(cluster).Should().OnlyContain(entry => entry[8] == cluster.Broker.Address);
    }

    [Fact]
    public async Task Broker_ThatWantsNoTrace_GetsNone()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request =>
            RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "0").Set("queueId", "0").Set("queueOffset", "3").Set("TRACE_ON", "false");
        await using (RocketMqProducer producer = Producer(cluster))
        {
            await producer.SendAsync(new Message("T", "hello"));
        }

        cluster.Broker.Of(RequestCode.SendMessageV2).Should().ContainSingle();
    }

    [Fact]
    public async Task TransactionAndRecall_AreTraced()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Overrides[RequestCode.SendMessageV2] = static request => request.Get("b") == TraceTopic ? null
            : RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "7F0000010000002A0000000000000011").Set("queueId", "0").Set("queueOffset", "3");
        string handle = Convert.ToBase64String("v1 T broker-a 1731999999000 C0000202"u8.ToArray()).Replace('+', '-').Replace('/', '_');
        string id;
        await using (RocketMqProducer producer = Producer(cluster, static options => options with { TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Unknown) }))
        {
            await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message("T", "half", "tag", "key"));
            id = transaction.MessageId;
            await transaction.CommitAsync();
            await producer.RecallAsync(handle);
        }

        string[][] entries = Entries(cluster);
        entries.Select(static entry => entry[0]).Should().Equal("Pub", "EndTransaction", "Recall");
        entries[0][11].Should().Be("1");
        entries[1][1] = entries[2][1] = "-";
        entries[1].Should().Equal("EndTransaction", "-", "DefaultRegion", "p", "T", id, "tag", "key", cluster.Broker.Address, "2", id, "COMMIT_MESSAGE", "false");
        entries[2].Should().Equal("Recall", "-", "DefaultRegion", "p", "T", "C0000202", "true");
    }

    [Fact]
    public async Task Handling_IsTracedBeforeAndAfter()
    {
        await using FakeCluster cluster = await StartAsync();
        cluster.Broker.Append("T", 0, "good");
        cluster.Broker.Append("T", 0, "bad");
        cluster.Broker.Append("T", 0, "later", reconsumeTimes: 2);
        await using (RocketMqPushConsumer consumer = new(Options(cluster) with { EnableTrace = true, OnError = static _ => { } }))
        {
            await consumer.SubscribeAsync("T", "*", (message, _) =>
            {
                Texts.Enqueue(message.GetText());
                return message.GetText() switch
                {
                    "bad" => throw new InvalidOperationException("bad"),
                    "later" => ValueTask.FromResult(ConsumeResult.Later),
                    _ => ValueTask.FromResult(ConsumeResult.Success),
                };
            });
            await consumer.StartAsync();
            await Eventually.TrueAsync(() => Texts.Count == 3, "all three were handled");
        }

        string[][] entries = Entries(cluster);
        entries.Should().HaveCount(6);
        Check("good", "0", "true", "0");
        Check("bad", "0", "false", "2");
        Check("later", "2", "false", "4");
        Trace(cluster).Group.Should().Be("_INNER_TRACE_PRODUCER-g-CONSUME-0");

        void Check(string text, string retries, string succeeded, string code)
        {
            string[] before = entries.Single(entry => entry[0] == "SubBefore" && entry[5] == "id-" + text);
            string[] after = entries.Single(entry => entry[0] == "SubAfter" && entry[2] == "id-" + text);
            before[1] = after[3] = after[7] = "-";
            before.Should().Equal("SubBefore", "-", "null", "g", before[4], "id-" + text, retries, "null");
            after.Should().Equal("SubAfter", before[4], "id-" + text, "-", succeeded, "null", code, "-", "g");
        }
    }

    [Fact]
    public async Task Traces_ThatNobodyTakes_DelayNoSendAndAreTold()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        ConcurrentQueue<ClientError> errors = new();
        await using (RocketMqProducer producer = Producer(cluster, options => options with { OnError = errors.Enqueue }))
        {
            for (int i = 0; i < 50; i++)
            {
                (await producer.SendAsync(new Message("T", "x"))).Status.Should().Be(SendStatus.SendOk);
            }
        }

        errors.Should().Contain(static error => error.Text.Contains("RMQ_SYS_TRACE_TOPIC", StringComparison.Ordinal));
        cluster.Broker.Texts("T", 0).Should().HaveCount(50);
    }

    [Fact]
    public async Task Traces_ThatWaitBehindABrokerThatHangs_AreBounded()
    {
        await using FakeCluster cluster = await StartAsync();
        ConcurrentQueue<ClientError> errors = new();
        TaskCompletionSource hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Overrides[RequestCode.RecallMessage] = static request => RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("msgId", "x");
        cluster.Broker.Holds[RequestCode.SendMessageV2] = hanging.Task;
        string handle = Convert.ToBase64String("v1 T broker-a 1731999999000 C0000202"u8.ToArray()).Replace('+', '-').Replace('/', '_');
        await using RocketMqProducer producer = Producer(cluster, options => options with { OnError = errors.Enqueue });

        for (int i = 0; i < 2200 && !errors.Any(IsDropped); i++)
        {
            await producer.RecallAsync(handle);
        }

        errors.Any(IsDropped).Should().BeTrue("2048 wait at most");
        hanging.SetResult();

        static bool IsDropped(ClientError error) => error.Text.Contains("further ones are dropped", StringComparison.Ordinal);
    }

    private static async Task<FakeCluster> StartAsync()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.AddTopic(TraceTopic, 1);
        return cluster;
    }

    private static RocketMqProducer Producer(FakeCluster cluster, Func<ProducerOptions, ProducerOptions>? change = null)
    {
        ProducerOptions options = cluster.ProducerOptions with { Group = "p", EnableTrace = true, OnError = static _ => { } };
        return new RocketMqProducer(change?.Invoke(options) ?? options);
    }

    private static RemotingCommand[] Sent(FakeCluster cluster) => [.. cluster.Broker.Of(RequestCode.SendMessageV2).Where(static request => request.Get("b") == TraceTopic)];

    private static (Dictionary<string, string> Properties, string Group) Trace(FakeCluster cluster) =>
        (MessagePropertiesCodec.Read(Encoding.UTF8.GetBytes(Sent(cluster)[0].GetRequired("i"))), Sent(cluster)[0].GetRequired("a"));

    private static string[][] Entries(FakeCluster cluster) =>
    [
        .. Sent(cluster)
            .SelectMany(static request =>
            {
                int flags = request.GetRequiredInt32("f");
                ReadOnlyMemory<byte> body = (flags & SysFlags.Compressed) != 0 ? BodyCompression.Decompress(request.Body, flags, 1 << 20) : request.Body;
                string text = Encoding.UTF8.GetString(body.Span);
                text.Should().EndWith("\u0002");
                return text[..^1].Split('\u0002');
            })
            .Select(static entry => entry.Split('\u0001')),
    ];
}
