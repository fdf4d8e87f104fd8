using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>RocketOps.Client produces and administers, and what it wrote is consumed.</summary>
public abstract class ClientInteropTests(ServerFixture fixture) : ClientTestBase(fixture)
{
    private readonly ConcurrentDictionary<string, int> _received = new(StringComparer.Ordinal);

    [SkippableFact]
    public async Task ProduceAndConsume_EveryWayOfSending_EachWantedMessageOnce()
    {
        string topic = "OurClient";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 6);
        await using RocketMqPushConsumer first = await StartConsumerAsync(topic, "A || B");
        await using RocketMqPushConsumer second = await StartConsumerAsync(topic, "A || B");
        await Eventually.TrueAsync(() => QueuesOf(first, topic) == 3 && QueuesOf(second, topic) == 3, "two members share six queues");
        List<string> wanted = [];
        await using (RocketMqProducer producer = Producer())
        {
            for (int i = 0; i < Count; i++)
            {
                string tag = ((char)('A' + (i % 3))).ToString();
                (await producer.SendAsync(new Message(topic, Bytes("single" + i), tag, "key" + i))).Status.Should().Be(SendStatus.SendOk);
                if (tag != "C")
                {
                    wanted.Add("single" + i);
                }
            }

            SendResult batch = await producer.SendBatchAsync([.. Enumerable.Range(0, 10).Select(i => new Message(topic, Bytes("batch" + i), "A"))]);
            batch.OffsetMessageId.Split(',').Should().HaveCount(10);
            wanted.AddRange(Enumerable.Range(0, 10).Select(static i => "batch" + i));
            await producer.SendOneWayAsync(new Message(topic, Bytes("oneway"), "B"));
            string large = new('z', 100_000);
            await producer.SendAsync(new Message(topic, Bytes(large), "B"));
            await producer.SendAsync(new Message(topic, Bytes("sharded"), "B"), "a key");
            wanted.AddRange(["oneway", large, "sharded"]);
        }

        await Eventually.TrueAsync(() => _received.Count >= wanted.Count, $"{wanted.Count} messages came");
        await first.StopAsync();
        await second.StopAsync();

        _received.Keys.Should().BeEquivalentTo(wanted);
        _received.Values.Should().OnlyContain(static times => times == 1);
        (await admin.GetTopicStatsAsync(Fixture.Server.BrokerAddress, topic)).Queues.Values.Sum(static queue => queue.MaxOffset).Should().Be(Count + 13);
    }

    [SkippableFact]
    public async Task ProduceAndConsume_OverOneClient_EveryGroupGetsItsMessages()
    {
        string topic = "OurShared";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        ConcurrentQueue<string> seen = new();
        await using RocketMqClient client = new(new ConnectionOptions { NameServers = Fixture.Server.NameServerAddress, RequestTimeout = Patience });
        await using RocketMqProducer producer = new(new ProducerOptions { Client = client, Group = "our_shared_producer", SendTimeout = Patience });
        await using RocketMqPushConsumer first = await StartAsync("our_shared_first", orderly: false);
        await using RocketMqPushConsumer second = await StartAsync("our_shared_second", orderly: true);
        for (int i = 0; i < 10; i++)
        {
            await producer.SendAsync(new Message(topic, Bytes("m" + i)));
        }

        await Eventually.TrueAsync(() => seen.Count >= 20, "both groups got all");
        foreach (string group in (string[])["our_shared_first", "our_shared_second"])
        {
            ConsumerConnections? connections = await admin.GetConsumerConnectionsAsync(Fixture.Server.BrokerAddress, group);
            connections!.Connections.Should().ContainSingle().Which.ClientId.Should().Be(client.ClientId);
        }

        await first.DisposeAsync();
        (await admin.GetConsumerConnectionsAsync(Fixture.Server.BrokerAddress, "our_shared_first")).Should().BeNull("it has left");
        await producer.SendAsync(new Message(topic, Bytes("last")));
        await Eventually.TrueAsync(() => seen.Contains("our_shared_second last"), "the other goes on");
        seen.Should().OnlyHaveUniqueItems().And.HaveCount(21);

        async Task<RocketMqPushConsumer> StartAsync(string group, bool orderly)
        {
            PushConsumerOptions options = new()
            {
                Client = client,
                Group = group,
                PullTimeout = Patience,
                IsOrderly = orderly,
                ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            };
            return await CollectingConsumer.StartAsync(options, topic, "*", message => seen.Enqueue($"{group} {message.GetText()}"));
        }
    }

    [SkippableFact]
    public async Task Transactions_EndedAndLeftOpen_ConsumersGetWhatIsCommitted()
    {
        string topic = "OurTransactions";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        ConcurrentDictionary<string, int> asked = new(StringComparer.Ordinal);
        await using RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = Fixture.Server.NameServerAddress,
            Group = "our_transactions",
            SendTimeout = Patience,
            RequestTimeout = Patience,
            OnError = static _ => { },
            TransactionChecker = (message, _) => asked.AddOrUpdate(message.GetText(), 1, static (_, times) => times + 1) switch
            {
                1 => ValueTask.FromResult(TransactionResolution.Unknown),
                2 => throw new InvalidOperationException("the database is away"),
                _ => ValueTask.FromResult(message.GetText() is "committed" or "open, done" ? TransactionResolution.Commit : TransactionResolution.Rollback),
            },
        });
        await using RocketMqPushConsumer consumer = await StartConsumerAsync(topic, "*");

        foreach ((string text, bool? commit) in new (string, bool?)[] { ("committed", true), ("rolled back", false), ("open, done", null), ("open, not done", null) })
        {
            await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message(topic, text, "A", "order-17"));
            await (commit switch { true => transaction.CommitAsync(), false => transaction.RollbackAsync(), _ => Task.CompletedTask });
        }

        // 5.x may ask about what has an end too: it notes ends together, every 3 s, and here asks after 1 s.
        await Eventually.TrueAsync(() => asked.Count(static pair => pair.Key.StartsWith("open", StringComparison.Ordinal) && pair.Value >= 3) == 2, "both open ones were asked about three times");
        await Eventually.TrueAsync(() => _received.Count >= 2, "two were committed");
        await consumer.StopAsync();

        _received.Keys.Should().BeEquivalentTo("committed", "open, done");
    }

    [SkippableFact]
    public async Task AutoBatch_ByKeys_KeepsTheirOrderAndTellsEachItsPlace()
    {
        string topic = "OurBatches";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        SendResult[] results;
        await using (RocketMqProducer producer = new(new ProducerOptions { NameServers = Fixture.Server.NameServerAddress, Group = "our_batches", AutoBatch = true, SendTimeout = Patience, RequestTimeout = Patience }))
        {
            results = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => producer.SendAsync(new Message(topic, i.ToString("D4", CultureInfo.InvariantCulture), "A", "key" + i), shardingKey: $"{i % 5}")));
        }

        using CancellationTokenSource patience = new(Patience);
        await using RocketMqReader reader = new(new AdminOptions { NameServers = Fixture.Server.NameServerAddress, RequestTimeout = Patience });
        foreach (IGrouping<MessageQueue, (SendResult Result, int Number)> sent in results.Select(static (result, number) => (result, number)).GroupBy(static sent => sent.result.Queue))
        {
            List<ReceivedMessage> stored = [];
            for (long next = 0; stored.Count < sent.Count();)
            {
                ReadResult read = await reader.ReadAsync(Fixture.Server.BrokerAddress, sent.Key, next, 32, SubscriptionExpression.All, TimeSpan.FromSeconds(10), patience.Token);
                stored.AddRange(read.Messages);
                next = read.NextOffset;
            }

            stored.Select(static message => message.GetText()).Should().BeInAscendingOrder(StringComparer.Ordinal, "the queue has the order of the calls");
            stored.Select(static message => (message.GetText(), message.QueueOffset, message.MessageId, message.OffsetMessageId)).Should().Equal(
                sent.Select(static message => (message.Number.ToString("D4", CultureInfo.InvariantCulture), message.Result.QueueOffset, message.Result.MessageId, message.Result.OffsetMessageId)));
        }
    }

    /// <summary>Apache's tool is the judge of what our client writes.</summary>
    [SkippableFact]
    public async Task Trace_IsShownByMqAdmin()
    {
        string topic = "OurTraces";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        SendResult sent;
        await using (RocketMqProducer producer = new(new ProducerOptions { NameServers = Fixture.Server.NameServerAddress, Group = "our_traced_producer", EnableTrace = true, SendTimeout = Patience, RequestTimeout = Patience }))
        {
            sent = await producer.SendAsync(new Message(topic, "traced", "A", "order-17"));
        }

        PushConsumerOptions traced = Options("our_traced_consumer") with { EnableTrace = true };
        await using (await CollectingConsumer.StartAsync(traced, topic, "*", Note))
        {
            await Eventually.TrueAsync(() => !_received.IsEmpty, "it is handled");
        }

        foreach (string version in Fixture.JavaVersions)
        {
            JavaClient java = new(version, Fixture.Server.NameServerAddress);
            string shown = string.Empty;
            await Eventually.TrueAsync(
                async () => (shown = await java.AdminAsync("queryMsgTraceById", "-i", sent.MessageId)).Contains("our_traced_consumer", StringComparison.Ordinal) && shown.Contains("our_traced_producer", StringComparison.Ordinal),
                $"mqadmin {version} shows both ends");
            shown.Should().MatchRegex(@"Pub\s+our_traced_producer\s+\S+\s+\S+ \S+\s+\d+ms\s+success");
            shown.Should().MatchRegex(@"Sub\s+our_traced_consumer\s+\S+\s+\S+ \S+\s+\d+ms\s+success");
        }
    }

    [SkippableFact]
    public async Task Request_ToOurConsumer_GetsItsReply()
    {
        string topic = "OurRequests";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        await using RocketMqProducer replier = Producer();
        await using RocketMqPushConsumer consumer = new(Options("our_repliers"));
        await consumer.SubscribeAsync(topic, "*", async (message, cancellationToken) =>
        {
            if (message.IsRequest)
            {
                await replier.ReplyAsync(message, "re: " + message.GetText(), cancellationToken);
            }

            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        await Eventually.TrueAsync(() => QueuesOf(consumer, topic) == 2, "the consumer reads");
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = Fixture.Server.NameServerAddress, Group = "our_askers", SendTimeout = Patience, RequestTimeout = Patience, OnError = static _ => { } });
        string large = new('z', 100_000);

        ReceivedMessage[] replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => producer.RequestAsync(new Message(topic, "question " + i, "A"), Patience)));
        ReceivedMessage largeReply = await producer.RequestAsync(new Message(topic, large), Patience);

        replies.Select(static reply => reply.GetText()).Should().Equal(Enumerable.Range(0, 20).Select(static i => "re: question " + i));
        largeReply.GetText().Should().Be("re: " + large, "a compressed reply is unpacked");
    }

    [SkippableFact]
    public async Task Deliver_AtATimeAndAfterADelay_ComesInTimeAndIsRecalledBefore()
    {
        Skip.IfNot(Fixture.WhyNoTimers is null, Fixture.WhyNoTimers ?? string.Empty);
        string topic = "OurTimers";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        ConcurrentDictionary<string, DateTimeOffset> arrived = new(StringComparer.Ordinal);
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            Options("our_timers"), topic, "*", message => arrived[message.GetText()] = DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(() => QueuesOf(consumer, topic) == 2, "the consumer reads");
        await using RocketMqProducer producer = Producer();
        DateTimeOffset begin = DateTimeOffset.UtcNow;
        DateTimeOffset due = begin.AddSeconds(4);

        // Far away: however slow the machine is, it is not too late. That a recalled message does not come when its time comes: StoreHandOverTests, ApacheSessionTests.
        SendResult recalled = await producer.SendAsync(new Message(topic, "recalled") { DeliverAt = begin.AddHours(1) });
        SendResult timed = await producer.SendAsync(new Message(topic, "timed") { DeliverAt = due });
        await producer.SendAsync(new Message(topic, "delayed") { DeliverAfter = TimeSpan.FromSeconds(4) });
        SendResult past = await producer.SendAsync(new Message(topic, "past") { DeliverAt = begin.AddHours(-1) });
        (await producer.RecallAsync(recalled.RecallHandle!)).Should().Be(recalled.MessageId);

        await Eventually.TrueAsync(() => arrived.Count == 3, "all but the recalled one come");
        arrived.Keys.Should().BeEquivalentTo("timed", "delayed", "past");
        timed.RecallHandle.Should().NotBeNullOrEmpty();
        past.RecallHandle.Should().BeNull("it does not wait");
        // Brokers round down to the second, and not further than one second.
        arrived["timed"].Should().BeAfter(due.AddSeconds(-2));
        arrived["delayed"].Should().BeAfter(due.AddSeconds(-2));
        await FluentActions.Awaiting(() => producer.RecallAsync(timed.RecallHandle!)).Should().ThrowAsync<RocketMqException>("it is too late");
    }

    [SkippableFact]
    public async Task Send_WithADelayLevelAndCompressedByLz4_ComesLaterAndUnchanged()
    {
        string topic = "OurDelayed";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        string large = string.Concat(Enumerable.Range(0, 5_000).Select(static i => i.ToString(CultureInfo.InvariantCulture)));
        await using RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = Fixture.Server.NameServerAddress,
            Group = "our_delayed_producer",
            SendTimeout = Patience,
            RequestTimeout = Patience,
            CompressionType = CompressionType.Lz4,
        });
        ConcurrentQueue<ReceivedMessage> seen = new();
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            Options("our_delayed"), topic, "*", message => seen.Enqueue(message));

        await producer.SendAsync(new Message(topic, large, "A") { DelayLevel = 1 });

        await Eventually.TrueAsync(() => !seen.IsEmpty, "it comes");
        ReceivedMessage received = seen.Should().ContainSingle().Subject;
        received.GetText().Should().Be(large);
        // What is delivered is stored anew; level 1 is a second.
        (received.StoreTime - received.BornTime).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
    }

    [SkippableFact]
    public async Task Administer_TopicAndGroup_SeesWhatItDid()
    {
        string topic = "OurAdmin";
        string broker = Fixture.Server.BrokerAddress;
        await using RocketMqAdmin admin = Admin();

        ClusterInfo cluster = await admin.GetClusterInfoAsync();
        cluster.Clusters[ServerUnderTest.ClusterName].Should().Contain(ServerUnderTest.BrokerName);
        cluster.Brokers[ServerUnderTest.BrokerName].MasterAddress.Should().Be(broker);
        (await admin.GetTopicConfigAsync(broker, topic)).Should().BeNull();
        await admin.CreateOrUpdateTopicAsync(broker, new TopicConfig { Name = topic, ReadQueues = 5, WriteQueues = 3, Permission = TopicPermission.Read });
        (await admin.GetTopicConfigAsync(broker, topic)).Should().Match<TopicConfig>(static config => config.ReadQueues == 5 && config.WriteQueues == 3 && config.Permission == TopicPermission.Read);
        await Eventually.TrueAsync(async () => (await admin.GetTopicNamesAsync()).Contains(topic), "the name server knows the topic");
        (await admin.GetTopicRouteAsync(topic))!.Queues.Single().Should().Match<QueueData>(static queue => queue.ReadQueues == 5 && queue.WriteQueues == 3 && queue.Permission == TopicPermission.Read);
        (await admin.GetTopicConfigsAsync(broker)).Should().ContainKey(topic);

        PendingMessages? pending = await admin.GetPendingMessagesAsync(broker, topic);
        (pending is null).Should().Be(Fixture is not RocketOpsFixture, "the request is ours, and Apache's brokers say that they do not know it");
        (pending?.Queues ?? []).Should().BeEmpty();

        await admin.CreateOrUpdateSubscriptionGroupAsync(broker, new SubscriptionGroupConfig { Name = "our_admin_group", RetryMaxTimes = 5 });
        (await admin.GetSubscriptionGroupsAsync(broker))["our_admin_group"].RetryMaxTimes.Should().Be(5);
        (await admin.GetConsumerConnectionsAsync(broker, "our_admin_group")).Should().BeNull();
        (await admin.GetConsumeStatsAsync(broker, "our_admin_group", topic)).TotalLag.Should().Be(0);
        await admin.DeleteSubscriptionGroupAsync(broker, "our_admin_group", removeOffsets: true);
        (await admin.GetSubscriptionGroupsAsync(broker)).Should().NotContainKey("our_admin_group");

        (await admin.GetBrokerRuntimeInfoAsync(broker)).Should().ContainKeys("brokerVersionDesc", "putTps", "bootTimestamp");
        (await admin.GetBrokerConfigAsync(broker)).Should().Contain("brokerName", ServerUnderTest.BrokerName);

        await admin.DeleteTopicOnBrokerAsync(broker, topic);
        await admin.DeleteTopicOnNameServersAsync(topic, ServerUnderTest.ClusterName);
        (await admin.GetTopicConfigAsync(broker, topic)).Should().BeNull();
        (await admin.GetTopicRouteAsync(topic)).Should().BeNull();
        RocketMqException refusal = (await FluentActions.Awaiting(() => admin.GetTopicStatsAsync(broker, topic)).Should().ThrowAsync<RocketMqException>()).Which;
        refusal.ResponseCode.Should().Be(17);
    }

    private Task<RocketMqPushConsumer> StartConsumerAsync(string topic, string tags) =>
        CollectingConsumer.StartAsync(Options("our_group"), topic, tags, Note);

    private void Note(ReceivedMessage message) => _received.AddOrUpdate(message.GetText(), 1, static (_, times) => times + 1);
}
