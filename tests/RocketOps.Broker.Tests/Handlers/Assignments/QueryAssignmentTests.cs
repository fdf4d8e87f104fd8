using System.Text;
using RocketOps.Broker.Tests.StaticTopics;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Handlers.Assignments;

/// <summary>Which queues a member is told to pull (400), of two brokers behind one name server.</summary>
public sealed class QueryAssignmentTests
{
    private const string Topic = "Shared";
    private const string Nothing = """{"messageQueueAssignments":[]}""";
    private const string NotKnown = "{}";

    [Fact]
    public async Task Query_MembersOfAGroup_ShareTheQueuesOfAllBrokers()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await brokers.A.CreateTopicAsync(Topic, queues: 2);
        await brokers.B.CreateTopicAsync(Topic, queues: 1);
        await brokers.RouteAsync(Topic, "\"broker-a\"", "\"broker-b\"");
        await using RemotingClient second = TestBroker.NewClient();
        foreach (TestBroker broker in (TestBroker[])[brokers.A, brokers.B])
        {
            await broker.SubscribeAsync("g", Topic, clientId: "client-1");
            RemotingCommand heartbeat = Requests.Heartbeat("g", Topic, "*", "client-2", 1);
            (await second.InvokeAsync(broker.Address, heartbeat)).Code.Should().Be(ResponseCode.Success);
        }

        foreach (TestBroker broker in (TestBroker[])[brokers.A, brokers.B])
        {
            (await AskAsync(broker, "client-1")).Should().Be(Assigned(("broker-a", 0), ("broker-a", 1)));
            (await AskAsync(broker, "client-2")).Should().Be("""{"messageQueueAssignments":[{"messageQueue":{"brokerName":"broker-b","queueId":0,"topic":"Shared"},"mode":"PULL"}]}""");
            (await AskAsync(broker, "client-1", strategy: "AVG_BY_CIRCLE")).Should().Be(Assigned(("broker-a", 0), ("broker-b", 0)));
            (await AskAsync(broker, "client-2", strategy: "AVG_BY_CIRCLE")).Should().Be(Assigned(("broker-a", 1)));
            (await AskAsync(broker, "client-2", model: "BROADCASTING")).Should().Be(Assigned(("broker-a", 0), ("broker-a", 1), ("broker-b", 0)));
            (await AskAsync(broker, "client-3")).Should().Be(Nothing, "the group has others");
            (await AskAsync(broker, "client-1", strategy: "CONFIG")).Should().Be(NotKnown);
            (await AskAsync(broker, "client-1", group: "nobody")).Should().Be(NotKnown);
            (await AskAsync(broker, "client-1", topic: "Missing")).Should().Be(NotKnown);
        }
    }

    [Fact]
    public async Task Query_OfAStaticTopic_GivesItsLogicalQueues()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        RawFrame made = await StaticTopicRows.MakeAsync(
            brokers.ToA, Topic, 1, StaticTopicRows.Mapping(Topic, "broker-a", 1_731_999_999_000, 2, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]"));
        made.Code.Should().Be(ResponseCode.Success, made.Remark);

        (await AskAsync(brokers.A, "client-1", model: "BROADCASTING")).Should().Be(Assigned(("__syslo__global__", 0), ("__syslo__global__", 1)));
    }

    /// <summary>As Apache's broker left it: what its members popped and have not acknowledged is known to nobody here.</summary>
    [Fact]
    public async Task Query_OfAGroupThatIsToPop_IsRefusedUntilItIsToPull()
    {
        using TempDirectory directory = new("assignments-");
        Directory.CreateDirectory(directory.File("store/config"));
        await File.WriteAllTextAsync(
            directory.File("store/config/messageRequestMode.json"), """{"messageRequestModeMap":{"Shared":{"g":{"consumerGroup":"g","mode":"POP","popShareQueueNum":8,"topic":"Shared"}}}}""");
        await using TestBroker broker = await TestBroker.StartAsync(directory: directory);
        await broker.CreateTopicAsync(Topic);

        RemotingCommand refused = await broker.InvokeAsync(Query("client-1"));
        refused.Code.Should().Be(ResponseCode.RequestCodeNotSupported);
        refused.Remark.Should().Contain("mode POP").And.Contain("setConsumeMode");
        (await AskAsync(broker, "client-1", group: "another")).Should().Be(NotKnown, "no name server tells of queues");

        RemotingCommand pull = RemotingCommand.CreateRequest(RequestCode.SetMessageRequestMode);
        pull.Body = Encoding.UTF8.GetBytes($$"""{"topic":"{{Topic}}","consumerGroup":"g","mode":"PULL","popShareQueueNum":0}""");
        (await broker.InvokeAsync(pull)).Code.Should().Be(ResponseCode.Success);
        (await AskAsync(broker, "client-1")).Should().Be(NotKnown);
    }

    [Theory]
    [InlineData("""{"topic":"Shared","clientId":"c","consumerGroup":"g","strategyName":"AVG"}""", "<messageModel>")]
    [InlineData("""{"topic":"Shared","clientId":"c","consumerGroup":"g","strategyName":"AVG","messageModel":"EVERYBODY"}""", "<messageModel>")]
    [InlineData("""{"topic":"Shared","clientId":"c","strategyName":"AVG","messageModel":"CLUSTERING"}""", "<consumerGroup>")]
    [InlineData("""{"clientId":"c","consumerGroup":"g","strategyName":"AVG","messageModel":"CLUSTERING"}""", "<topic>")]
    public async Task Query_WithoutAWordOfWhom_IsRefused(string body, string named)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryAssignment);
        request.Body = Encoding.UTF8.GetBytes(body);

        RemotingCommand answer = await broker.InvokeAsync(request);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Contain(named);
    }

    private static string Assigned(params (string Broker, int Id)[] queues) => "{\"messageQueueAssignments\":["
        + string.Join(',', queues.Select(static queue => $$"""{"messageQueue":{"brokerName":"{{queue.Broker}}","queueId":{{queue.Id}},"topic":"{{Topic}}"},"mode":"PULL"}""")) + "]}";

    private static async Task<string> AskAsync(TestBroker broker, string clientId, string topic = Topic, string group = "g", string model = "CLUSTERING", string strategy = "AVG")
    {
        RemotingCommand answer = await broker.InvokeAsync(Query(clientId, topic, group, model, strategy));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }

    private static RemotingCommand Query(string clientId, string topic = Topic, string group = "g", string model = "CLUSTERING", string strategy = "AVG")
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.QueryAssignment);
        request.Body = Encoding.UTF8.GetBytes($$"""{"clientId":"{{clientId}}","consumerGroup":"{{group}}","messageModel":"{{model}}","strategyName":"{{strategy}}","topic":"{{topic}}"}""");
        return request;
    }
}
