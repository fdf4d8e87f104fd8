using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocketOps.Client.Tests.Consuming;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Client.Tests;

/// <summary>Producers and consumers that share one <see cref="RocketMqClient"/>.</summary>
public sealed class SharedClientTests : ConsumerTestBase
{
    [Fact]
    public async Task Members_OfOneClient_ShareTheConnectionTheIdAndTheHeartbeat()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 2);
        await using RocketMqClient client = Client(cluster);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "p" });
        await using RocketMqPushConsumer first = await StartAsync(client, "g1");
        await using RocketMqPushConsumer second = await StartAsync(client, "g2");

        await producer.SendAsync(new Message("T", "hello"));

        await Eventually.TrueAsync(() => Texts.Count == 2, "both groups got it");
        first.ClientId.Should().Be(client.ClientId).And.Be(second.ClientId);
        cluster.Broker.Connections.Should().ContainSingle();
        (string[] producers, string[] consumers) = Groups(cluster.Broker.Of(RequestCode.HeartBeat)[^1]);
        producers.Should().Equal("p");
        consumers.Should().BeEquivalentTo("g1", "g2");
        cluster.RouteQuestions("T").Should().Be(1);
    }

    [Fact]
    public async Task Members_MadeByAClient_ShareItAndBeginWithItsSettings()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        ConnectionOptions own = cluster.ConnectionOptions with { ConnectTimeout = TimeSpan.FromSeconds(7), RequestTimeout = TimeSpan.FromSeconds(8), StartTimeout = TimeSpan.FromSeconds(9), OnError = static _ => { } };
        await using RocketMqClient client = new(own);
        List<ClientOptions> given = [];
        await using RocketMqProducer producer = client.CreateProducer("p", options => Note(options with { RetryTimes = 1 }));
        await using RocketMqPushConsumer push = client.CreatePushConsumer("g1", Note);
        await using RocketMqStreamConsumer stream = client.CreateStreamConsumer("g2", Note);
        await using RocketMqLitePullConsumer pull = client.CreateLitePullConsumer("g3", Note);
        await using RocketMqAdmin admin = client.CreateAdmin();

        await producer.SendAsync(new Message("T", "hello"));

        push.ClientId.Should().Be(client.ClientId);
        cluster.Broker.Connections.Should().ContainSingle();
        given.Should().HaveCount(4).And.OnlyContain(options => options.Client == client && options.ConnectTimeout == own.ConnectTimeout
            && options.RequestTimeout == own.RequestTimeout && options.StartTimeout == own.StartTimeout && options.OnError == own.OnError);
        (await admin.GetTopicRouteAsync("T")).Should().NotBeNull("the admin client asks the client's name servers");

        T Note<T>(T options)
            where T : ClientOptions
        {
            given.Add(options);
            return options;
        }
    }

    [Fact]
    public async Task Create_WithAnotherClient_IsRefused()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);

        client.Invoking(static it => it.CreateProducer("p", static options => options with { Client = null })).Should().Throw<ArgumentException>().WithMessage("Client was changed*");
        client.Invoking(static it => it.CreateProducer("p", static options => options with { NameServers = "127.0.0.1:1" })).Should().Throw<ArgumentException>().WithMessage("NameServers is 127.0.0.1:1*");
    }

    [Fact]
    public async Task Consumer_ThatHasNotStarted_IsInNoHeartbeat()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        await using RocketMqPushConsumer waiting = new(Options("waits", client));
        await waiting.SubscribeAsync("T", "*", Collect);
        await using RocketMqPushConsumer reading = await StartAsync(client, "reads");

        await Eventually.TrueAsync(() => reading.AssignedQueues.Any(static queue => queue.Topic == "T"), "the other reads");

        cluster.Broker.Of(RequestCode.HeartBeat).Should().OnlyContain(static heartbeat => !Groups(heartbeat).Consumers.Contains("waits"));
    }

    [Fact]
    public async Task Member_ThatLeaves_IsTakenOutAndTheOthersGoOn()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        RocketMqPushConsumer leaving = await StartAsync(client, "leaves");
        await using RocketMqPushConsumer staying = await StartAsync(client, "stays");
        await Eventually.TrueAsync(() => staying.AssignedQueues.Any(static queue => queue.Topic == "T") && leaving.AssignedQueues.Any(static queue => queue.Topic == "T"), "both read");

        await leaving.DisposeAsync();

        RemotingCommand goodbye = cluster.Broker.Of(RequestCode.UnregisterClient).Should().ContainSingle().Subject;
        goodbye.ExtFields.Should().Contain("clientID", client.ClientId).And.Contain("consumerGroup", "leaves").And.NotContainKey("producerGroup");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "p" });
        await producer.SendAsync(new Message("T", "after"));
        await Eventually.TrueAsync(() => Texts.Contains("after"), "the other still reads");
        await Eventually.TrueAsync(() => Groups(cluster.Broker.Of(RequestCode.HeartBeat)[^1]) is { Producers: ["p"], Consumers: ["stays"] }, "the next heartbeat has who is left");
        Texts.Should().Equal("after");
    }

    [Fact]
    public async Task Group_ThatIsTaken_IsRefusedUntilItIsFree()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        RocketMqPushConsumer first = new(Options("g", client));

        FluentActions.Invoking(() => new RocketMqPushConsumer(Options("g", client))).Should().Throw<InvalidOperationException>().WithMessage("*group g is in this client already*");
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "g" });
        FluentActions.Invoking(() => new RocketMqProducer(cluster.ProducerOptions with { Client = client, Group = "g" })).Should().Throw<InvalidOperationException>();

        await first.DisposeAsync();
        await using RocketMqPushConsumer again = new(Options("g", client));
    }

    [Fact]
    public async Task Dispose_BeforeItsMembers_ClosesWithTheLastOfThem()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        RocketMqClient client = Client(cluster);
        RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "p" });
        await producer.SendAsync(new Message("T", "before"));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.HeartBeat).Length > 0, "the broker knows it");

        await client.DisposeAsync();
        await client.DisposeAsync();

        await producer.SendAsync(new Message("T", "after"));
        FluentActions.Invoking(() => new RocketMqProducer(cluster.ProducerOptions with { Client = client, Group = "q" })).Should().Throw<ObjectDisposedException>();
        await producer.DisposeAsync();
        cluster.Broker.Of(RequestCode.UnregisterClient).Should().ContainSingle().Which.Get("producerGroup").Should().Be("p");
        await FluentActions.Awaiting(() => client.Connections.Caller.InvokeAsync(cluster.Broker.Address, RemotingCommand.CreateRequest(RequestCode.HeartBeat), Eventually.DefaultDeadline, default))
            .Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task CheckOfATransaction_GoesToTheProducerOfItsGroup()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        ConcurrentQueue<string> asked = new();
        await using RocketMqProducer other = Checked("other");
        await using RocketMqProducer asks = Checked("asks");
        await using IMessageTransaction transaction = await asks.BeginTransactionAsync(new Message("T", "half"));

        RemotingCommand question = RemotingCommand.CreateRequest(RequestCode.CheckTransactionState).Set("topic", "T").Set("bname", cluster.Broker.Name)
            .Set("tranStateTableOffset", 0).Set("commitLogOffset", 0).Set("msgId", transaction.MessageId).Set("transactionId", transaction.MessageId);
        question.Body = cluster.Broker.Record("T", 0, 0);
        cluster.Broker.Producers[client.ClientId].SendOneWay(question).Should().BeTrue();

        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.EndTransaction).Length == 1, "it was answered");
        asked.Should().Equal("asks");
        await transaction.CommitAsync();

        RocketMqProducer Checked(string group) => new(cluster.ProducerOptions with
        {
            Client = client,
            Group = group,
            TransactionChecker = (_, _) =>
            {
                asked.Enqueue(group);
                return ValueTask.FromResult(TransactionResolution.Commit);
            },
        });
    }

    [Fact]
    public async Task Options_ThatContradictTheirClient_AreRefused()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);

        Refused(new ProducerOptions { Client = client, NameServers = "10.0.0.1:9876" }).WithMessage("NameServers is 10.0.0.1:9876*");
        Refused(new ProducerOptions { Client = client, InstanceName = "mine" }).WithMessage("InstanceName is mine*");
        Refused(new ProducerOptions { Client = client, UnitName = "mine" }).WithMessage("UnitName is mine*");
        FluentActions.Invoking(() => new RocketMqPushConsumer(new PushConsumerOptions { Client = client, Group = "g", MessageModel = MessageModel.Broadcasting }))
            .Should().Throw<ArgumentException>().WithMessage("*InstanceName*");
        await using RocketMqProducer same = new(cluster.ProducerOptions with { Client = client });

        static FluentAssertions.Specialized.ExceptionAssertions<ArgumentException> Refused(ProducerOptions options) =>
            FluentActions.Invoking(() => new RocketMqProducer(options)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public async Task Heartbeats_ToOneBroker_DoNotOvertakeEachOther()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "p" });
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.HeartBeat] = answer.Task;
        await producer.GetQueuesAsync("T");
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.HeartBeat).Length == 1, "the first one is under way");

        Task second = client.Connections.SendHeartbeatsAsync(default);
        Task third = client.Connections.SendHeartbeatsAsync(default);
        RemotingCommand marker = RemotingCommand.CreateRequest(RequestCode.GetMinOffset);
        await client.Connections.Caller.InvokeAsync(cluster.Broker.Address, marker, Eventually.DefaultDeadline, default);
        int sent = cluster.Broker.Of(RequestCode.HeartBeat).Length;
        answer.SetResult();
        await Task.WhenAll(second, third);

        sent.Should().Be(1, "what was asked for after them has arrived");
        cluster.Broker.Of(RequestCode.HeartBeat).Length.Should().BeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task Start_GivenUpHalfWay_IsInNoFurtherHeartbeat()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using RocketMqClient client = Client(cluster);
        await using RocketMqProducer producer = new(cluster.ProducerOptions with { Client = client, Group = "p" });
        await using RocketMqPushConsumer consumer = new(Options("g", client));
        await consumer.SubscribeAsync("T", "*", Collect);
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Broker.Holds[RequestCode.HeartBeat] = answer.Task;
        using CancellationTokenSource stop = new();
        Task starting = consumer.StartAsync(stop.Token);
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.HeartBeat).Length > 0, "it is telling the broker");

        await stop.CancelAsync();
        await FluentActions.Awaiting(() => starting).Should().ThrowAsync<OperationCanceledException>();
        answer.SetResult();
        await client.Connections.SendHeartbeatsAsync(default);

        Groups(cluster.Broker.Of(RequestCode.HeartBeat)[^1]).Consumers.Should().BeEmpty("the others of the group would leave queues to it");
        await consumer.StartAsync();
        Groups(cluster.Broker.Of(RequestCode.HeartBeat)[^1]).Consumers.Should().Equal("g");
    }

    [Fact]
    public async Task Broker_ThatMoved_IsForgottenAtItsOldAddress()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        await using FakeBroker moved = await FakeBroker.StartAsync(cluster.Broker.Name);
        RocketMqProducer producer = new(cluster.ProducerOptions with
        {
            Group = "p",
            RouteRefreshInterval = TimeSpan.FromMilliseconds(20),
            HeartbeatInterval = TimeSpan.FromMilliseconds(20),
            OnError = static _ => { },
        });
        await producer.SendAsync(new Message("T", "before"));
        await Eventually.TrueAsync(() => cluster.Broker.Of(RequestCode.HeartBeat).Length > 0, "the old address got a heartbeat");

        cluster.Redirect("T", moved.Address);
        await Eventually.TrueAsync(() => moved.Of(RequestCode.HeartBeat).Length > 0, "the new address got one");
        int questions = cluster.RouteQuestions("T");
        await Eventually.TrueAsync(() => cluster.RouteQuestions("T") > questions + 2, "the route was refreshed");
        await producer.DisposeAsync();

        moved.Of(RequestCode.UnregisterClient).Should().ContainSingle();
        cluster.Broker.Of(RequestCode.UnregisterClient).Should().BeEmpty();
    }

    [Fact]
    public async Task Route_ThatMakesNoSense_EndsNoRefreshing()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        ConcurrentQueue<ClientError> errors = new();
        await using RocketMqProducer producer = new(cluster.ProducerOptions with
        {
            RouteRefreshInterval = TimeSpan.FromMilliseconds(20),
            OnError = errors.Enqueue,
        });
        (await producer.GetQueuesAsync("T")).Should().HaveCount(1);

        cluster.SetRoute("T", "{\"brokerDatas\":[null],\"queueDatas\":[null]}");
        await Eventually.TrueAsync(() => errors.Any(static error => error.ToString().Contains("route of T", StringComparison.Ordinal)), "it is told");
        cluster.AddTopic("T", 3);

        await Eventually.TrueAsync(async () => (await producer.GetQueuesAsync("T")).Count == 3, "the next good route is taken");
    }

    [Fact]
    public async Task ClientId_HasInstanceAndUnit()
    {
        await using RocketMqClient client = new(new ConnectionOptions { NameServers = "127.0.0.1:1", InstanceName = "shop", UnitName = "eu" });

        client.ClientId.Should().MatchRegex("^[0-9.]+@shop@eu$");
    }

    [Fact]
    public async Task Host_SharesOneClient_ExceptWithWhoIsSomebodyElse()
    {
        await using FakeCluster cluster = await StartClusterAsync(queues: 1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        cluster.AddTo(builder.Services)
            .AddProducer("p", RocketMqBuilderTests.Patient)
            .AddConsumer<SqlSubscriptionTests.IgnoringHandler>("g1", "T", "*", RocketMqBuilderTests.Patient)
            .AddConsumer<SqlSubscriptionTests.IgnoringHandler>("g2", "T", "*", RocketMqBuilderTests.Patient)
            .AddConsumer<SqlSubscriptionTests.IgnoringHandler>("g3", "T", "*", static options => RocketMqBuilderTests.Patient(options) with { InstanceName = "apart" });
        IHost host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<IRocketMqProducer>().SendAsync(new Message("T", "hello"));

        await Eventually.TrueAsync(
            () => cluster.Broker.Of(RequestCode.HeartBeat).Any(static heartbeat => Groups(heartbeat) is { Producers: ["p"], Consumers: ["g1", "g2"] }), "one heartbeat has all that share");
        cluster.Broker.Connections.Should().HaveCount(2);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        cluster.Broker.Of(RequestCode.UnregisterClient).Select(static request => request.Get("consumerGroup") ?? request.Get("producerGroup")).Should().BeEquivalentTo("g1", "g2", "g3", "p");
    }

    private static RocketMqClient Client(FakeCluster cluster) => new(cluster.ConnectionOptions);

    private static PushConsumerOptions Options(string group, RocketMqClient client) =>
        new() { Client = client, Group = group, ConsumeFromWhere = ConsumeFromWhere.FirstOffset, PullRetryDelay = TimeSpan.FromMilliseconds(100) };

    private static (string[] Producers, string[] Consumers) Groups(RemotingCommand heartbeat)
    {
        using JsonDocument body = JsonDocument.Parse(heartbeat.Body);
        return (Of("producerDataSet"), Of("consumerDataSet"));

        string[] Of(string name) => [.. body.RootElement.GetProperty(name).EnumerateArray().Select(static item => item.GetProperty("groupName").GetString()!).Order(StringComparer.Ordinal)];
    }

    private async Task<RocketMqPushConsumer> StartAsync(RocketMqClient client, string group)
    {
        RocketMqPushConsumer consumer = new(Options(group, client));
        await consumer.SubscribeAsync("T", "*", Collect);
        await consumer.StartAsync();
        return consumer;
    }
}
