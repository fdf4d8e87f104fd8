using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Calls;
using RocketOps.Client.Routing;
using RocketOps.Client.Tests.Support;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Memory;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Routing;

public sealed class RouteCacheTests : IAsyncLifetime
{
    private static readonly string[] StaleTopics = [.. Enumerable.Range(0, 40).Select(static i => $"Stale{i}")];

    private readonly ConcurrentDictionary<string, string> _answers = new(StringComparer.Ordinal);
    private readonly List<string> _changed = [];
    private readonly FakeTimeProvider _time = new();

    // What the next answer waits for.
    private Task _release = Task.CompletedTask;
    private FakePeer _nameServer = null!;
    private RemotingClient _remoting = null!;
    private RouteCache _routes = null!;

    public async Task InitializeAsync()
    {
        _nameServer = await FakePeer.StartSlowAsync((RequestCode.GetRouteInfoByTopic, AnswerAsync));
        HostResolver resolver = new();
        _remoting = new RemotingClient(new RemotingClientOptions { ConnectTimeout = Eventually.DefaultDeadline }, NullLoggerFactory.Instance, resolver.ResolveAsync);
        _routes = new RouteCache(new NameServers(_nameServer.Address, new RemotingCaller(_remoting, TimeProvider.System), resolver.ResolveAllAsync, Eventually.DefaultDeadline, TimeProvider.System, NullLogger.Instance), _time);
        _routes.Watch(_changed.Add);
    }

    public async Task DisposeAsync()
    {
        await _remoting.DisposeAsync();
        await _nameServer.DisposeAsync();
    }

    [Fact]
    public async Task Refresh_AfterAFailover_StaleRoutesDoNotBringTheOldMasterBack()
    {
        foreach (string topic in StaleTopics)
        {
            await LearnAsync(topic, "a", "10.0.0.1:1");
        }

        await LearnAsync("Fresh", "a", "10.0.0.2:1");
        _routes.FindMaster("a").Should().Be("10.0.0.2:1");
        await LearnAsync("Other", "b", "10.0.0.9:1");

        _routes.FindMaster("a").Should().Be("10.0.0.2:1");
        _routes.FindMaster("b").Should().Be("10.0.0.9:1");
    }

    [Fact]
    public async Task Refresh_AnswerToAnOlderQuestionComesLater_TakesNothingBack()
    {
        await LearnAsync("A", "a", "10.0.0.1:1");
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _release = release.Task;
        Task older = LearnAsync("A", "a", "10.0.0.1:1");
        await Eventually.TrueAsync(() => Volatile.Read(ref _release).IsCompleted, "its answer is made, and waits");

        await LearnAsync("B", "a", "10.0.0.2:1");
        release.SetResult();
        await older;

        _routes.FindMaster("a").Should().Be("10.0.0.2:1");
    }

    /// <summary>As a program that begins with thousands of sends, or whose sends fail together.</summary>
    [Fact]
    public async Task GetForSend_ByManyCallersAtOnce_AsksTheNameServerOnce()
    {
        _answers["A"] = RouteOf("a", "10.0.0.1:1");
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _release = release.Task;
        Task<TopicRoute?>[] asking = [.. Enumerable.Range(0, 2_000).Select(_ => _routes.GetForSendAsync("A", 4, CancellationToken.None))];
        using CancellationTokenSource givesUp = new();
        Task impatient = _routes.GetForSendAsync("A", 4, givesUp.Token);
        await givesUp.CancelAsync();
        await FluentActions.Awaiting(() => impatient).Should().ThrowAsync<OperationCanceledException>();

        release.SetResult();

        (await Task.WhenAll(asking)).Should().AllSatisfy(static route => route!.Brokers.Should().ContainSingle());
        _nameServer.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task GetForSend_OfANewTopicByManyCallersAtOnce_AsksForItAndForTheTemplateOnce()
    {
        _answers[TopicNames.AutoCreateTemplate] = RouteOf("a", "10.0.0.1:1");
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _release = release.Task;
        Task<TopicRoute?>[] asking = [.. Enumerable.Range(0, 2_000).Select(_ => _routes.GetForSendAsync("New", 4, CancellationToken.None))];

        release.SetResult();

        (await Task.WhenAll(asking)).Should().AllSatisfy(static route => route!.Brokers.Should().ContainSingle());
        _nameServer.Received.Select(static asked => asked.GetRequired("topic")).Should().Equal("New", TopicNames.AutoCreateTemplate);
    }

    /// <summary>The question that the second caller meets may have been answered before the topic was made.</summary>
    [Fact]
    public async Task Refresh_ThatMeetsAQuestionFromBeforeTheTopicWasMade_AsksOnceMore()
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _release = release.Task;
        Task<TopicRoute?> before = _routes.RefreshAsync("A", CancellationToken.None);
        await Eventually.TrueAsync(() => Volatile.Read(ref _release).IsCompleted, "its answer is made, and waits");
        _answers["A"] = RouteOf("a", "10.0.0.1:1");

        Task<TopicRoute?> after = _routes.RefreshAsync("A", CancellationToken.None);
        release.SetResult();

        (await before).Should().BeNull();
        (await after)!.Brokers.Should().ContainSingle();
    }

    [Fact]
    public async Task RefreshIfOld_WithinASecondOfAnAnswer_AsksNothing()
    {
        await LearnAsync("A", "a", "10.0.0.1:1");

        await _routes.RefreshIfOldAsync("A", CancellationToken.None);
        _nameServer.Received.Should().ContainSingle();
        _time.Advance(TimeSpan.FromSeconds(1));
        await _routes.RefreshIfOldAsync("A", CancellationToken.None);

        _nameServer.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task Refresh_UnchangedRoute_IsStillTheNewestWordOnItsBrokers()
    {
        await LearnAsync("A", "a", "10.0.0.1:1");
        await LearnAsync("B", "a", "10.0.0.2:1");
        _changed.Clear();

        await LearnAsync("A", "a", "10.0.0.1:1");

        _routes.FindMaster("a").Should().Be("10.0.0.1:1");
        _changed.Should().BeEmpty();
    }

    [Fact]
    public async Task Refresh_BrokerLeavesTheLastRouteThatNamesIt_IsForgotten()
    {
        await LearnAsync("A", "a", "10.0.0.1:1");
        await LearnAsync("A", "b", "10.0.0.2:1");

        _routes.Brokers.Keys.Should().Equal("b");
    }

    [Fact]
    public async Task Sweep_MoreThanAreKept_ForgetsThoseNobodyLooksForAndThenTheirBrokers()
    {
        await LearnAsync("Forgotten", "z", "10.0.0.26:1");
        await LearnAsync("Used", "a", "10.0.0.1:1");
        _routes.Sweep();
        for (int i = 0; i < RouteCache.MaxRoutes - 1; i++)
        {
            await LearnAsync($"Topic{i}", "a", "10.0.0.1:1");
        }

        _routes.Find("Used").Should().NotBeNull();
        _routes.Sweep();
        _routes.Count.Should().Be(RouteCache.MaxRoutes);
        _routes.Knows("Forgotten").Should().BeFalse();
        _routes.Knows("Used").Should().BeTrue();
        _routes.FindMaster("z").Should().Be("10.0.0.26:1", "somebody may just have looked for its route");
        _routes.Sweep();

        _routes.FindMaster("z").Should().BeNull();
        _routes.FindMaster("a").Should().Be("10.0.0.1:1");
    }

    [Fact]
    public async Task Sweep_AsManyAsAreKept_ForgetsNone()
    {
        await LearnAsync("A", "a", "10.0.0.1:1");
        for (int i = 0; i < 10; i++)
        {
            _routes.Sweep();
        }

        _routes.Knows("A").Should().BeTrue("brokers may ask a producer that is idle about its transactions");
        _routes.FindMaster("a").Should().Be("10.0.0.1:1");
    }

    /// <summary>The broker restarts and is back in the route of the topic that is asked for: its other topics do not wait for 30 s.</summary>
    [Fact]
    public async Task RefreshPeriodically_BrokerThatLeftTheRoutes_IsLookedForUntilItIsBack()
    {
        const string Both = """{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1"},"brokerName":"a","cluster":"C"},{"brokerAddrs":{0:"127.0.0.1:2"},"brokerName":"b","cluster":"C"}],"queueDatas":[]}""";
        const string One = """{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:2"},"brokerName":"b","cluster":"C"}],"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]}""";
        string answer = Both;
        ConcurrentQueue<string> asked = new();
        FakeTimeProvider time = new();
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, request =>
        {
            asked.Enqueue(request.GetRequired("topic"));
            return FakePeer.Body(Volatile.Read(ref answer))(request);
        }
        ));
        await using RocketMqClient client = new(new ConnectionOptions { NameServers = nameServer.Address, TimeProvider = time });
        RouteCache routes = client.Connections.Routes;
        await routes.GetAsync("A", CancellationToken.None);
        await routes.GetAsync("B", CancellationToken.None);
        Volatile.Write(ref answer, One);
        time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => !routes.Brokers.ContainsKey("a"), "the broker has left both routes");
        await Eventually.TrueAsync(() => time.HasTimerIn(LostBrokers.AskInterval), "one topic was asked for at once");
        asked.Clear();

        time.Advance(LostBrokers.AskInterval);
        await Eventually.TrueAsync(() => asked.Count == 1 && time.HasTimerIn(LostBrokers.AskInterval), "it is looked for by one topic");
        Volatile.Write(ref answer, Both);
        time.Advance(LostBrokers.AskInterval);

        await Eventually.TrueAsync(() => routes.Find("A")!.Brokers.Count == 2 && routes.Find("B")!.Brokers.Count == 2, "it is back in both routes");
        asked.Distinct().Should().HaveCount(2);
        asked.Should().HaveCount(3, "the first topic was asked for twice, the other once");
    }

    /// <summary>A client of thousands of topics is told of a failover by thousands of answers.</summary>
    [Fact]
    public void Put_AnotherMasterAmongManyRoutes_CostsWhatOneRouteDoes()
    {
        const int Routes = 4_000;
        const int Enough = 16 * 1024;
        long asked = 0;
        for (int i = 0; i < Routes; i++)
        {
            _routes.Put($"Topic{i}", Route($"broker-{i}", "10.0.0.1:1"), ++asked);
        }

        TopicRoute[] ways = [Route("broker-7", "10.0.0.2:1"), Route("broker-7", "10.0.0.3:1")];

        long allocated = Allocations.Least(() => _routes.Put("Topic7", ways[++asked % 2], asked), Enough);

        allocated.Should().BeLessThanOrEqualTo(Enough, "a list of all brokers is some hundred KB");
        _routes.FindMaster("broker-7").Should().Be(ways[asked % 2].Brokers[0].MasterAddress);
        _routes.FindMaster("broker-8").Should().Be("10.0.0.1:1");

        static TopicRoute Route(string broker, string master) => new()
        {
            Brokers = [new BrokerData { BrokerName = broker, Addresses = new Dictionary<long, string> { [BrokerData.MasterId] = master } }],
            Queues = [],
        };
    }

    /// <summary>A producer that has sent to more topics than are kept goes on asking for as many as are.</summary>
    [Fact]
    public async Task RefreshPeriodically_MoreRoutesThanAreKept_ForgetsSome()
    {
        const int TooMany = 20;
        ConcurrentDictionary<string, int> asked = new(StringComparer.Ordinal);
        FakeTimeProvider time = new();
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, request =>
        {
            asked.AddOrUpdate(request.GetRequired("topic"), 1, static (_, times) => times + 1);
            return FakePeer.Body("""{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1"},"brokerName":"a","cluster":"C"}],"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]}""")(request);
        }
        ));
        await using RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = nameServer.Address,
            ConnectTimeout = Eventually.DefaultDeadline,
            RequestTimeout = Eventually.DefaultDeadline,
            SendTimeout = Eventually.DefaultDeadline,
            RouteRefreshInterval = TimeSpan.FromSeconds(1),
            TimeProvider = time,
            OnError = static _ => { },
        });
        for (int i = 0; i < RouteCache.MaxRoutes + TooMany; i++)
        {
            await producer.GetQueuesAsync($"Topic{i}");
        }

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                int most = asked.Values.Max();
                // A round that is under way has not asked for all.
                return asked.Values.Count(times => times < most - 1) == TooMany;
            },
            "it asks no more for those that are too many");
    }

    [Fact]
    public async Task Refresh_OneRouteIsNotAnswered_DoesNotHoldUpTheOthers()
    {
        const int Topics = 20;
        int asked = 0;
        int hangs = 0;
        FakeTimeProvider time = new();
        await using FakePeer nameServer = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, request =>
        {
            Interlocked.Increment(ref asked);
            return Interlocked.CompareExchange(ref hangs, 2, 1) == 1 ? null : FakePeer.Body("""{"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1"},"brokerName":"a","cluster":"C"}],"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]}""")(request);
        }
        ));
        await using RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = nameServer.Address,
            ConnectTimeout = Eventually.DefaultDeadline,
            RequestTimeout = Eventually.DefaultDeadline,
            SendTimeout = Eventually.DefaultDeadline,
            RouteRefreshInterval = TimeSpan.FromSeconds(30),
            TimeProvider = time,
            OnError = static _ => { },
        });
        for (int i = 0; i < Topics; i++)
        {
            await producer.GetQueuesAsync($"Topic{i}");
        }

        Volatile.Write(ref hangs, 1);
        time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) >= 2 * Topics, "all others are asked for again");
    }

    private async Task LearnAsync(string topic, string broker, string master)
    {
        _answers[topic] = RouteOf(broker, master);
        await _routes.RefreshAsync(topic, CancellationToken.None);
    }

    private static string RouteOf(string broker, string master) =>
        $$$"""{"brokerDatas":[{"brokerAddrs":{0:"{{{master}}}"},"brokerName":"{{{broker}}}","cluster":"C"}],"queueDatas":[]}""";

    private async ValueTask<RemotingCommand?> AnswerAsync(RemotingCommand request)
    {
        string? route = _answers.GetValueOrDefault(request.GetRequired("topic"));
        RemotingCommand response = RemotingCommand.CreateResponse(request, route is null ? ResponseCode.TopicNotExist : ResponseCode.Success);
        response.Body = route is null ? default : Encoding.UTF8.GetBytes(route);
        await Interlocked.Exchange(ref _release, Task.CompletedTask);
        return response;
    }
}
