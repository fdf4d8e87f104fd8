using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.Handlers.Clients;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Tests.StaticTopics;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>Answers that grow with topics, their queues and the members of groups: what they say, and which of them wait for their turn. Of all others <see cref="RequestCodesTests"/> tells.</summary>
public sealed class LargeAnswerTests
{
    private const string Static = "Static";
    private const string Mapping =
        """{"bname":"broker-a","currIdMap":{},"dirty":false,"epoch":1731999999000,"hostedQueues":{"0":[{"bname":"broker-a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":0,"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},"scope":"__global__","topic":"Static","totalQueues":2}""";

    [Fact]
    public async Task Answers_ToTheByte()
    {
        await using StaticTopicBrokers brokers = await StartAsync(logicalQueues: 2);
        TestBroker broker = brokers.A;
        RemotingCommand attributes = Requests.Topic(Static).Set("attributes", "+owner=<Jürgen & \"co\">");
        (await broker.InvokeAsync(attributes)).Code.Should().Be(ResponseCode.Success);
        await broker.CreateTopicAsync("T", queues: 2);
        await CommitAsync(broker, "T", 1, 0);

        string config = """{"attributes":{"owner":"\u003CJ\u00FCrgen \u0026 \u0022co\u0022\u003E"},"order":false,"perm":6,"readQueueNums":1,"topicFilterType":"SINGLE_TAG","topicName":"Static","topicSysFlag":0,"writeQueueNums":1""";
        (await AskAsync(broker, Request(RequestCode.GetTopicConfig, ("topic", Static)))).Should().Be($"{config}}}");
        (await AskAsync(broker, Request(RequestCode.GetTopicConfig, ("topic", Static), ("lo", "true")))).Should().Be($"{config},\"mappingDetail\":{Mapping}}}");
        (await AskAsync(broker, Request(RequestCode.GetConsumerListByGroup, ("consumerGroup", "g")))).Should().Be("""{"consumerIdList":["client-1"]}""");
        (await AskAsync(broker, Request(RequestCode.QueryConsumeTimeSpan, ("topic", "T"), ("group", "g")))).Should().Be(
            """{"consumeTimeSpanSet":[{"consumeTimeStamp":-1,"delayTime":0,"maxTimeStamp":-1,"messageQueue":{"brokerName":"broker-a","queueId":0,"topic":"T"},"minTimeStamp":-1},{"consumeTimeStamp":-1,"delayTime":0,"maxTimeStamp":-1,"messageQueue":{"brokerName":"broker-a","queueId":1,"topic":"T"},"minTimeStamp":-1}]}""");
        (await AskAsync(broker, Request(RequestCode.QueryCorrectionOffset, ("topic", "T"), ("compareGroup", "other")))).Should().Be("""{"correctionOffsets":{1:0}}""");
        (await AskAsync(broker, Request(RequestCode.GetTimerMetrics))).Should().MatchRegex("""^\{"dataVersion":\{"counter":0,"stateVersion":0,"timestamp":[0-9]+\},"timingCount":\{\}\}$""");
        await CommitAsync(broker, "T", 0, 0);
        (await AskAsync(broker, Request(RequestCode.InvokeBrokerToResetOffset, ("topic", "T"), ("group", "g"), ("timestamp", "-1"), ("isForce", "true")))).Should().Be(
            """{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:0,{"brokerName":"broker-a","queueId":1,"topic":"T"}:0}}""");
        (await AskAsync(broker, Request(RequestCode.InvokeBrokerToResetOffset, ("topic", Static), ("group", "g"), ("timestamp", "-1"), ("isForce", "true"), ("queueId", "0"), ("offset", "0")))).Should().Be(
            """{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"Static"}:0}}""");
    }

    /// <summary>The connection has its turn, with another answer: what clients ask for all the time waits for it where it is large, and only there.</summary>
    [Theory]
    [InlineData(RequestCode.QueryAssignment, 2, true)]
    [InlineData(RequestCode.QueryAssignment, 1001, false)]
    [InlineData(RequestCode.GetConsumerListByGroup, 2, true)]
    [InlineData(RequestCode.GetConsumerListByGroup, 2, false)]
    public async Task Answers_OfWhatAllAskFor_WaitForTheirTurnWhenTheyAreLarge(int code, int entries, bool isSmall)
    {
        await using StaticTopicBrokers brokers = await StartAsync(entries);
        TestBroker broker = brokers.A;
        BrokerModules modules = broker.Host.Modules;
        modules.Clients.Consumers.TryGet("g", out OnlineGroup? group).Should().BeTrue();
        RemotingConnection connection = group!.Channels.Single().Connection;
        // One member has all it takes to be many.
        AsyncRequestHandler handler = code == RequestCode.GetConsumerListByGroup
            ? new ConsumerListHandler(modules.Clients.Consumers, modules.Groups.Maker, few: isSmall ? 1 : 0)
            : new QueryAssignmentHandler(modules.Topics.Topics, modules.Clients.Consumers, modules.Assignments.Modes, modules.Assignments.Queues);
        RemotingCommand request = Request(code, ("consumerGroup", "g"));
        request.Body = Encoding.UTF8.GetBytes($$"""{"clientId":"client-1","consumerGroup":"g","messageModel":"CLUSTERING","strategyName":"AVG","topic":"{{Static}}"}""");

        HoldingHandler holding = new();
        Task<RemotingCommand?> held = holding.HandleAsync(connection, request, CancellationToken.None).AsTask();
        Task<RemotingCommand?> asked = handler.HandleAsync(connection, request, CancellationToken.None).AsTask();

        if (isSmall)
        {
            (await asked.WaitAsync(Eventually.DefaultDeadline))!.Code.Should().Be(ResponseCode.Success);
            held.IsCompleted.Should().BeFalse();
        }
        else
        {
            asked.IsCompleted.Should().BeFalse("it waits behind the other");
        }

        holding.Go.SetResult();
        await held;
        (await asked.WaitAsync(Eventually.DefaultDeadline))!.Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "everything is given back");
    }

    private static async Task<StaticTopicBrokers> StartAsync(int logicalQueues)
    {
        StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        RawFrame made = await StaticTopicRows.MakeAsync(
            brokers.ToA, Static, 1, StaticTopicRows.Mapping(Static, "broker-a", 1_731_999_999_000, logicalQueues, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]"));
        made.Code.Should().Be(ResponseCode.Success, made.Remark);
        await brokers.A.SubscribeAsync("g", Static);
        return brokers;
    }

    private static async Task CommitAsync(TestBroker broker, string topic, int queueId, long offset)
    {
        (await broker.InvokeAsync(Requests.Commit("g", topic, queueId, offset))).Code.Should().Be(ResponseCode.Success);
    }

    private static async Task<string> AskAsync(TestBroker broker, RemotingCommand request)
    {
        RemotingCommand answer = await broker.InvokeAsync(request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }

    private static RemotingCommand Request(int code, params (string Name, string Value)[] fields)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        foreach ((string name, string value) in fields)
        {
            request.Set(name, value);
        }

        return request;
    }

    /// <summary>Keeps the turn of a connection.</summary>
    private sealed class HoldingHandler : HeavyRequestHandler
    {
        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
        {
            await Go.Task;
            return null;
        }
    }
}
