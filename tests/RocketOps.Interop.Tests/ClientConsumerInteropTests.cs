using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Interop.Tests.Clients;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests;

/// <summary>Consumers of RocketOps.Client: groups whose members come and go, retries, filters, offsets, and what tools ask of them.</summary>
public abstract class ClientConsumerInteropTests(ServerFixture fixture) : ClientTestBase(fixture)
{
    [SkippableFact]
    public async Task Consume_HandlerFailsOnce_GetsTheMessageAgainFromTheRetryTopic()
    {
        string topic = "OurClientRetry";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        ConcurrentQueue<ReceivedMessage> seen = new();
        await using RocketMqPushConsumer consumer = new(Options("our_retry_group"));
        await consumer.SubscribeAsync(topic, "*", (message, _) =>
        {
            seen.Enqueue(message);
            return ValueTask.FromResult(message.ReconsumeTimes == 0 ? ConsumeResult.Later : ConsumeResult.Success);
        });
        await consumer.StartAsync();
        await using RocketMqProducer producer = Producer();

        SendResult sent = await producer.SendAsync(new Message(topic, Bytes("again"), "A", "k"));

        await Eventually.TrueAsync(() => seen.Count == 2, "the message came twice");
        seen.Should().OnlyContain(message => message.MessageId == sent.MessageId && message.Topic == topic);
        seen.Last().ReconsumeTimes.Should().Be(1);
        seen.Last().Queue.Topic.Should().Be("%RETRY%our_retry_group");
    }

    [SkippableFact]
    public async Task Consume_HandlerGivesAMessageUp_ItIsAmongTheDeadLettersOfTheGroup()
    {
        string topic = "OurClientDead";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        ConcurrentQueue<string> seen = new();
        await using RocketMqPushConsumer consumer = new(Options("our_dead_group"));
        await consumer.SubscribeAsync(topic, "*", (message, _) =>
        {
            seen.Enqueue(message.GetText());
            return ValueTask.FromResult(message.GetText() == "poison" ? ConsumeResult.DeadLetter : ConsumeResult.Success);
        });
        await consumer.StartAsync();
        await using RocketMqProducer producer = Producer();

        SendResult poison = await producer.SendAsync(new Message(topic, Bytes("poison"), "A", "k"));
        await producer.SendAsync(new Message(topic, Bytes("good"), "A", "k"));

        await Eventually.TrueAsync(() => seen.Contains("good"), "the next message comes");
        await Eventually.TrueAsync(() => Topics.HasRouteAsync(Fixture.Server, "%DLQ%our_dead_group"), "the group has dead letters");
        await using RocketMqReader reader = new(new AdminOptions { NameServers = Fixture.Server.NameServerAddress, RequestTimeout = Patience });
        IReadOnlyList<ReceivedMessage> dead = [];
        await Eventually.TrueAsync(
            async () =>
            {
                MessageQueue queue = new("%DLQ%our_dead_group", ServerUnderTest.BrokerName, 0);
                dead = (await reader.ReadAsync(Fixture.Server.BrokerAddress, queue, 0, 32, SubscriptionExpression.All, TimeSpan.Zero)).Messages;
                return dead.Count > 0;
            },
            "the message is there");
        dead.Should().ContainSingle().Which.MessageId.Should().Be(poison.MessageId);
        dead[0].GetText().Should().Be("poison");
        seen.Should().BeEquivalentTo("poison", "good");
    }

    [SkippableFact]
    public async Task Consume_BySql_GetsWhatMatchesAndHearsOfMistakesAtTheStart()
    {
        string topic = "OurClientSql";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        await using RocketMqProducer producer = Producer();
        for (int i = 0; i < 20; i++)
        {
            Message message = new(topic, Bytes("priced" + i), i % 2 == 0 ? "even" : "odd");
            message.SetProperty("price", i.ToString(CultureInfo.InvariantCulture));
            await producer.SendAsync(message);
        }

        await using RocketMqPushConsumer mistaken = new(Options("our_sql_mistake"));
        await mistaken.SubscribeAsync(topic, SubscriptionExpression.Sql("price >"), static (_, _) => ValueTask.FromResult(ConsumeResult.Success));
        SubscriptionRefusedException refused = (await mistaken.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<SubscriptionRefusedException>()).Which;
        refused.ResponseCode.Should().Be(23);
        refused.Message.Should().Contain("line 1, column").And.Contain("price >");

        ConcurrentQueue<string> pushed = new();
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            Options("our_sql_push"), topic, SubscriptionExpression.Sql("price > 14 AND TAGS = 'odd'"),
            message => pushed.Enqueue(message.GetText()));
        await Eventually.TrueAsync(() => pushed.Count >= 3, "three messages came");
        pushed.Should().BeEquivalentTo("priced15", "priced17", "priced19");

        await using RocketMqStreamConsumer stream = new(Options("our_sql_stream"));
        await stream.SubscribeAsync(topic, SubscriptionExpression.Sql("price BETWEEN 3 AND 4"));
        HashSet<string> streamed = [];
        using CancellationTokenSource deadline = new(Patience);
        while (streamed.Count < 2)
        {
            Delivery delivery = await stream.ReceiveAsync(deadline.Token);
            streamed.Add(delivery.Message.GetText());
            delivery.Ack();
        }

        streamed.Should().BeEquivalentTo("priced3", "priced4");

        await using RocketMqReader reader = new(new AdminOptions { NameServers = Fixture.Server.NameServerAddress, RequestTimeout = Patience });
        List<string> read = [];
        foreach (int queue in Enumerable.Range(0, 2))
        {
            ReadResult found = await reader.ReadAsync(
                Fixture.Server.BrokerAddress, new MessageQueue(topic, ServerUnderTest.BrokerName, queue), 0, 32, SubscriptionExpression.Sql("price < 2"), TimeSpan.Zero);
            read.AddRange(found.Messages.Select(static message => message.GetText()));
        }

        read.Should().BeEquivalentTo("priced0", "priced1");
    }

    [SkippableFact]
    public async Task Consumer_WhenToolsAsk_AnswersAsJavasDoes()
    {
        string topic = "OurAsked";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        ConcurrentQueue<string> seen = new();
        await using RocketMqProducer producer = Producer();
        SendResult first = await producer.SendAsync(new Message(topic, Bytes("m0")));
        await producer.SendAsync(new Message(topic, Bytes("m1")));
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            Options("our_asked"), topic, "*", message => seen.Enqueue(message.GetText()));
        await Eventually.TrueAsync(() => seen.Count == 2, "both came");

        foreach (string version in Fixture.JavaVersions)
        {
            JavaClient tool = new(version, Fixture.Server.NameServerAddress);
            await SaysAsync(tool, "#Consumer Subscription#", "consumerStatus", "-g", "our_asked", "-i", consumer.ClientId);
            await SaysAsync(tool, "dotnet-stack report", "consumerStatus", "-g", "our_asked", "-i", consumer.ClientId, "-s", "true");

            // The message is consumed once more, by this member, and what came of it is told.
            string[] topicOfTool = version == ApacheServer.Version4 ? [] : ["-t", topic];
            await SaysAsync(tool, "CR_SUCCESS", "queryMsgById", ["-g", "our_asked", "-d", consumer.ClientId, "-i", first.OffsetMessageId, .. topicOfTool]);
        }

        seen.Count(static body => body == "m0").Should().BeGreaterThanOrEqualTo(1 + Fixture.JavaVersions.Count);

        // A tool on a busy machine may give up before it is answered; a JVM that starts takes most of its time.
        static async Task SaysAsync(JavaClient tool, string expected, string command, params string[] options)
        {
            string said = string.Empty;
            for (int attempt = 0; attempt < 5 && !said.Contains(expected, StringComparison.Ordinal); attempt++)
            {
                said = await tool.AdminAsync(command, options);
            }

            said.Should().Contain(expected, "{0} asks for it", command);
        }
    }

    [SkippableFact]
    public async Task Consumer_WhoseOffsetsAreReset_GoesOnThere()
    {
        string topic = "OurReset";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 1);
        ConcurrentQueue<string> seen = new();
        await using RocketMqProducer producer = Producer();
        await producer.SendAsync(new Message(topic, Bytes("m0")));
        PushConsumerOptions options = Options("our_reset") with { CommitInterval = TimeSpan.FromMilliseconds(500) };
        await using RocketMqPushConsumer consumer = await CollectingConsumer.StartAsync(
            options, topic, "*", message => seen.Enqueue(message.GetText()));
        await Eventually.TrueAsync(
            async () => (await admin.GetConsumeStatsAsync(Fixture.Server.BrokerAddress, "our_reset", topic)).Queues.Values.Any(static queue => queue.ConsumerOffset == 1), "it is committed");

        JavaClient tool = new(Fixture.JavaVersions[^1], Fixture.Server.NameServerAddress);
        await Eventually.TrueAsync(
            async () =>
            {
                await tool.AdminAsync("resetOffsetByTime", "-g", "our_reset", "-t", topic, "-s", "1");
                return seen.Count > 1;
            },
            "the message comes again");

        seen.Should().OnlyContain(static text => text == "m0");
    }

    [SkippableFact]
    public async Task ConsumeOrderly_MembersComeAndGo_NoQueueIsOutOfOrder()
    {
        const int Keys = 8;
        const int PerPhase = 15;
        string topic = "OurOrderly";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 4);
        ConcurrentQueue<(string Key, int Number)> seen = new();
        ConcurrentDictionary<string, int> working = new(StringComparer.Ordinal);
        int together = 0;
        using RecordingLoggerFactory logs = new();
        await using RocketMqProducer producer = Producer();
        await using RocketMqPushConsumer first = await StartOrderlyAsync();
        await Eventually.TrueAsync(() => QueuesOf(first, topic) == 4, "one member reads all queues");

        await SendAsync(phase: 0);
        await using RocketMqPushConsumer second = await StartOrderlyAsync();
        await SendAsync(phase: 1);
        await Eventually.TrueAsync(() => QueuesOf(first, topic) == 2 && QueuesOf(second, topic) == 2, "two members share the queues");
        await SendAsync(phase: 2);
        await first.StopAsync();
        await SendAsync(phase: 3);
        await Eventually.TrueAsync(() => QueuesOf(second, topic) == 4, "the other takes over");
        await Eventually.TrueAsync(() => seen.Count >= Keys * PerPhase * 4, "all came");
        await second.StopAsync();

        together.Should().Be(0, "no key is handled twice at a time, whichever member has it");
        foreach (IGrouping<string, int> key in seen.GroupBy(static message => message.Key, static message => message.Number, StringComparer.Ordinal))
        {
            key.Should().Equal(Enumerable.Range(0, PerPhase * 4), "{0} keeps its order across members, and good hand-overs repeat nothing; the members said: {1}", key.Key, string.Join('\n', logs.Messages));
        }

        async Task SendAsync(int phase)
        {
            for (int i = phase * PerPhase; i < (phase + 1) * PerPhase; i++)
            {
                foreach (int key in Enumerable.Range(0, Keys))
                {
                    await producer.SendAsync(new Message(topic, Bytes(i.ToString(CultureInfo.InvariantCulture)), "A", "key" + key), shardingKey: "key" + key);
                }
            }
        }

        async Task<RocketMqPushConsumer> StartOrderlyAsync()
        {
            RocketMqPushConsumer consumer = new(Options("our_orderly_group") with { IsOrderly = true, ConsumeFromWhere = ConsumeFromWhere.FirstOffset, LoggerFactory = logs });
            await consumer.SubscribeAsync(topic, "*", async (message, _) =>
            {
                string key = message.Keys!;
                if (working.AddOrUpdate(key, 1, static (_, count) => count + 1) > 1)
                {
                    Interlocked.Increment(ref together);
                }

                await Task.Yield();
                seen.Enqueue((key, int.Parse(message.GetText(), CultureInfo.InvariantCulture)));
                working.AddOrUpdate(key, 0, static (_, count) => count - 1);
                return ConsumeResult.Success;
            });
            await consumer.StartAsync();
            return consumer;
        }
    }

    [SkippableFact]
    public async Task LitePull_SubscribedAndAssigned_GoesOnWhereItCommitted()
    {
        string topic = "OurLitePull";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 2);
        await using RocketMqProducer producer = Producer();
        for (int i = 0; i < 40; i++)
        {
            await producer.SendAsync(new Message(topic, i.ToString(CultureInfo.InvariantCulture), i % 2 == 0 ? "A" : "B"));
        }

        HashSet<string> polled = new(StringComparer.Ordinal);
        await using (RocketMqLitePullConsumer first = LitePull("our_lite_pull"))
        {
            await first.SubscribeAsync(topic, "A");
            await PollAsync(first, polled, 20);
            await first.CommitAsync();
        }

        polled.Should().BeEquivalentTo(Enumerable.Range(0, 20).Select(static i => (2 * i).ToString(CultureInfo.InvariantCulture)));
        await producer.SendAsync(new Message(topic, "new", "A"));
        polled.Clear();
        await using (RocketMqLitePullConsumer second = LitePull("our_lite_pull"))
        {
            await second.SubscribeAsync(topic, "A");
            await PollAsync(second, polled, 1);
        }

        polled.Should().Equal("new");
        polled.Clear();
        await using RocketMqLitePullConsumer third = LitePull("our_lite_pull_assigned");
        MessageQueue queue = (await third.GetQueuesAsync(topic))[0];
        await third.AssignAsync([queue]);
        await PollAsync(third, polled, 20);
        long position = third.PositionOf(queue)!.Value;
        await third.SeekAsync(queue, position - 1);
        ReceivedMessage last = (await third.PollAsync(Patience))[0];
        last.QueueOffset.Should().Be(position - 1);
        polled.Should().Contain(last.GetText(), "it came before");
        (await third.GetCommittedAsync(queue) ?? 0).Should().Be(0, "nothing was committed yet; of a young queue brokers say 0 themselves");

        RocketMqLitePullConsumer LitePull(string group) =>
            new(new LitePullConsumerOptions { NameServers = Fixture.Server.NameServerAddress, Group = group, RequestTimeout = Patience, PullTimeout = Patience, ConsumeFromWhere = ConsumeFromWhere.FirstOffset, AutoCommit = false });

        static async Task PollAsync(RocketMqLitePullConsumer consumer, HashSet<string> polled, int count)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    polled.UnionWith((await consumer.PollAsync(TimeSpan.FromSeconds(1))).Select(static message => message.GetText()));
                    return polled.Count >= count;
                },
                $"{count} messages are polled");
        }
    }

    [SkippableFact]
    public async Task Broadcast_EachMemberGetsEverything_AndGoesOnWhereItWas()
    {
        string topic = "OurBroadcast";
        await using RocketMqAdmin admin = Admin();
        await CreateTopicAsync(admin, topic, queues: 3);
        using TempDirectory folder = new();
        await using RocketMqProducer producer = Producer();
        string[] early = [.. Enumerable.Range(0, 12).Select(static i => $"early {i}")];
        foreach (string text in early)
        {
            await producer.SendAsync(new Message(topic, text));
        }

        ConcurrentQueue<string> first = new();
        ConcurrentQueue<string> second = new();
        await using (await StartAsync("first", first))
        await using (await StartAsync("second", second))
        {
            await Eventually.TrueAsync(() => first.Count >= early.Length && second.Count >= early.Length, "both have all");
            first.Should().BeEquivalentTo(early);
            second.Should().BeEquivalentTo(early);
        }

        await producer.SendAsync(new Message(topic, "late"));
        ConcurrentQueue<string> again = new();
        await using RocketMqPushConsumer third = await StartAsync("first", again);
        await Eventually.TrueAsync(() => !again.IsEmpty, "it goes on");
        again.Should().Equal("late");

        async Task<RocketMqPushConsumer> StartAsync(string name, ConcurrentQueue<string> seen)
        {
            PushConsumerOptions options = Options("our_broadcast") with
            {
                MessageModel = MessageModel.Broadcasting,
                InstanceName = name,
                BroadcastOffsetFolder = folder.Path,
            };
            return await CollectingConsumer.StartAsync(options, topic, "*", message => seen.Enqueue(message.GetText()));
        }
    }
}
