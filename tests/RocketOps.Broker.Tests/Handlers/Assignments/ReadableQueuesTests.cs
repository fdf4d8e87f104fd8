using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Handlers.Assignments;

/// <summary>The queues of a topic as a name server tells of them, and how often it is asked.</summary>
public sealed class ReadableQueuesTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly Routes _routes = new();
    private RemotingServer _nameServer = null!;
    private RemotingClient _client = null!;
    private ReadableQueues _queues = null!;

    public async Task InitializeAsync()
    {
        _nameServer = await RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }, new RequestHandlerRegistry().Add(RequestCode.GetRouteInfoByTopic, _routes), NullLoggerFactory.Instance);
        _client = TestBroker.NewClient();
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["namesrvAddr"] = _nameServer.EndPoint.ToString(), ["forwardTimeout"] = "180000", ["loadBalancePollNameServerInterval"] = "20000" }));
        _queues = new ReadableQueues(settings, settings.Of<AssignmentOptions>(), settings.Of<PeerOptions>(), _client, _time);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _nameServer.DisposeAsync();
    }

    [Fact]
    public async Task Find_QueuesOfSeveralBrokers_AreThoseThatCanBeReadSorted()
    {
        _routes.Body = """
            {"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:1"},"brokerName":"b","cluster":"c"}],"queueDatas":[
            {"brokerName":"b","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":3},
            {"brokerName":"c","perm":2,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4},
            {"brokerName":"a","perm":4,"readQueueNums":2,"topicSysFlag":0,"writeQueueNums":0}]}
            """;

        (await FindAsync()).Should().Equal("a0", "a1", "b0");
    }

    [Fact]
    public async Task Find_WithinTheInterval_AsksOnceAndAnewAfterIt()
    {
        await FindAsync();
        _routes.Body = Of(queues: 2);
        _time.Advance(TimeSpan.FromSeconds(19));
        (await FindAsync()).Should().Equal("a0");
        _routes.Asked.Should().Be(1);

        _time.Advance(TimeSpan.FromSeconds(1));

        (await FindAsync()).Should().Equal("a0", "a1");
        _routes.Asked.Should().Be(2);
    }

    [Fact]
    public async Task Find_BySeveralAtOnce_AsksOnce()
    {
        _routes.Answering = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<string[]?> first = FindAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        Task<string[]?> second = FindAsync();

        _routes.Answering.SetResult();

        (await first).Should().Equal("a0");
        (await second).Should().Equal("a0");
        _routes.Asked.Should().Be(1);
    }

    [Theory]
    [InlineData(ResponseCode.SystemError, "")]
    [InlineData(ResponseCode.Success, "nonsense")]
    public async Task Find_NobodyTells_KeepsWhatWasThere(int code, string body)
    {
        await FindAsync();
        (_routes.Code, _routes.Body) = (code, body);
        _time.Advance(TimeSpan.FromSeconds(20));

        (await FindAsync()).Should().Equal("a0");
        _routes.Asked.Should().Be(2);
    }

    [Fact]
    public async Task Find_TopicWithoutARoute_IsAskedForAgainSoon()
    {
        _routes.Code = ResponseCode.TopicNotExist;
        (await FindAsync()).Should().BeNull();
        (await FindAsync()).Should().BeNull();
        _routes.Asked.Should().Be(1);
        _routes.Code = ResponseCode.Success;

        _time.Advance(TimeSpan.FromSeconds(1));

        (await FindAsync()).Should().Equal("a0");
    }

    [Fact]
    public async Task Find_TopicThatHasLostItsRoute_IsNotKnown()
    {
        await FindAsync();
        _routes.Code = ResponseCode.TopicNotExist;
        _time.Advance(TimeSpan.FromSeconds(20));

        (await FindAsync()).Should().BeNull();
    }

    private static string Of(int queues) => $$"""{"queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":{{queues}},"topicSysFlag":0,"writeQueueNums":1}]}""";

    private async Task<string[]?> FindAsync()
    {
        IReadOnlyList<MessageQueueKey>? found = await _queues.FindAsync("T");
        found?.Should().OnlyContain(static queue => queue.Topic == "T");
        return found?.Select(static queue => $"{queue.BrokerName}{queue.QueueId}").ToArray();
    }

    private sealed class Routes : AsyncRequestHandler
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public int Code { get; set; } = ResponseCode.Success;

        public string Body { get; set; } = Of(queues: 1);

        /// <summary>The next answer waits for it.</summary>
        public TaskCompletionSource? Answering { get; set; }

        public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            await (Answering?.Task ?? Task.CompletedTask);
            RemotingCommand answer = RemotingCommand.CreateResponse(request, Code);
            answer.Body = Encoding.UTF8.GetBytes(Body);
            return answer;
        }
    }
}
