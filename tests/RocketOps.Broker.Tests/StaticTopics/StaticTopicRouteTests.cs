using System.Text;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using static RocketOps.Broker.Tests.StaticTopics.StaticTopicBench;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>Mappings and routes: which mappings a broker takes and keeps, what routes tell of them, and who answers a request for a logical queue.</summary>
public sealed class StaticTopicRouteTests
{
    /// <summary>The table of answers is run against Apache's 5.5.0 in the interop ring.</summary>
    [Fact]
    public async Task Rows_AskedOfTwoBrokers_AreAnsweredAsApachesDoes()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();

        string.Join('\n', await new StaticTopicRows(brokers.ToA, brokers.ToB, Topic).AskAsync()).Should().Be(string.Join('\n', StaticTopicRows.Expected));
    }

    [Fact]
    public async Task Route_OfAStaticTopic_HasTheMappingsOfAllBrokers_AndOfAPlainOneNone()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await MakeAsync(brokers.ToA, "broker-a", Own);
        await StaticTopicRows.MakeAsync(brokers.ToB, Topic, 1, StaticTopicRows.Mapping(Topic, "broker-b", Epoch, 2, $"1:[{StaticTopicRows.Item("broker-b", 0, 0, 0)}]"));

        await MakeAsync(brokers.ToA, "broker-a", Own, topic: "Plain", plain: true);
        string plain = await brokers.RouteAsync("Plain", "\"queueDatas\"");

        await brokers.RouteAsync(
            Topic,
            "\"topicQueueMappingByBroker\":{\"broker-a\":{\"bname\":\"broker-a\",\"currIdMap\":{\"0\":0},\"dirty\":false,\"epoch\":1731999999000,\"scope\":\"__global__\",\"topic\":\"Static\",\"totalQueues\":2},\"broker-b\":{\"bname\":\"broker-b\",\"currIdMap\":{\"1\":0},");
        plain.Should().NotContain("topicQueueMappingByBroker");
    }

    [Fact]
    public async Task Route_RemappedWithoutAChangeOfQueues_IsRenewedAtOnce()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Own);

        await MakeAsync(brokers.ToA, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)},{StaticTopicRows.Item("broker-b", 1, 0, -1)}]", Epoch + 1);

        await brokers.RouteAsync(Topic, "\"currIdMap\":{},\"dirty\":false,\"epoch\":1731999999001");
    }

    [Theory]
    [InlineData("compressedRegister")]
    [InlineData("enableSplitRegistration")]
    public async Task Route_RegisteredInOtherForms_HasTheMappingToo(string setting)
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes($"{setting}=true\n");
        (await brokers.A.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);

        await MakeAsync(brokers.ToA, "broker-a", Own);

        await brokers.RouteAsync(Topic, "\"currIdMap\":{\"0\":0}");
    }

    [Fact]
    public async Task Mapping_AfterARestart_IsServedFromItsFile_UntilTheTopicIsDeleted()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", $"3:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]");

        await brokers.RestartAAsync();
        RawFrame sent = await RawBroker.SendAsync(brokers.ToA, Topic, 3, "x"u8.ToArray());
        RawFrame anyQueue = await RawBroker.SendAsync(brokers.ToA, Topic, -1, "y"u8.ToArray());
        RawFrame deleted = await brokers.ToA.RequestAsync(215, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = Topic });
        await brokers.RestartAAsync();
        await brokers.A.CreateTopicAsync(Topic, queues: 4);
        RawFrame plain = await RawBroker.SendAsync(brokers.ToA, Topic, 2, "x"u8.ToArray());

        (sent.ExtFields["queueId"], sent.ExtFields["queueOffset"]).Should().Be(("3", "0"));
        (anyQueue.ExtFields["queueId"], anyQueue.ExtFields["queueOffset"]).Should().Be(("3", "1"), "the broker leads no other");
        deleted.Code.Should().Be(ResponseCode.Success);
        plain.ExtFields["queueId"].Should().Be("2", "the mapping is gone with its topic");
        (await brokers.RouteAsync(Topic, "\"readQueueNums\":4")).Should().NotContain("topicQueueMappingByBroker");
    }

    [Fact]
    public async Task Send_WithoutAQueue_GoesToAnyThatTheBrokerLeads()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(
            brokers.ToA,
            "broker-a",
            $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)}],1:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}],2:[{StaticTopicRows.Item("broker-a", 0, 1, 0)}],3:[{StaticTopicRows.Item("broker-a", 0, 2, 0)}]",
            queues: 3);
        HashSet<string> seen = new(StringComparer.Ordinal);

        // That two hundred miss one of three is expected once in 10 to the 34 runs.
        for (int i = 0; i < 200; i++)
        {
            seen.Add((await RawBroker.SendAsync(brokers.ToA, Topic, -1, "x"u8.ToArray())).ExtFields["queueId"]);
        }

        seen.Should().BeEquivalentTo("1", "2", "3");
    }

    [Fact]
    public async Task Pull_Held_IsAnsweredInTheLogicalQueuesOffsets()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Remapped);
        Task<RemotingCommand> held = brokers.A.PullAsync("g", Topic, 0, 100, sysFlag: 2 | 4, holdMs: 60_000, subscription: "*");
        await Eventually.TrueAsync(() => brokers.A.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await brokers.A.SendAsync(Topic, "woken");
        RemotingCommand answer = await held;

        answer.Code.Should().Be(ResponseCode.Success);
        (answer.Get("nextBeginOffset"), answer.Get("minOffset"), answer.Get("maxOffset"), answer.Get("offsetDelta")).Should().Be(("101", "100", "101", "100"));
        Requests.Decode(answer).Should().ContainSingle().Which.QueueOffset.Should().Be(0, "consumers add the delta themselves");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Pull_OfAnEndedStretch_ForNoMessages_GetsOneAsFromAPlainQueue(int max)
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Own);
        await brokers.A.SendAsync(Topic, "first");
        await brokers.A.SendAsync(Topic, "second");
        await MakeAsync(
            brokers.ToA, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-b", 1, 0, 100)}],1:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-a", 1, 1, 100)}]", Epoch + 1);

        RemotingCommand answer = await brokers.A.PullAsync("g", Topic, 1, 0, sysFlag: 4, max: max, subscription: "*");

        answer.Code.Should().Be(ResponseCode.Success, "{0}", answer.Remark);
        Requests.Decode(answer).Should().ContainSingle();
    }

    [Fact]
    public async Task Lock_OfALogicalQueue_IsGivenByTheBrokerThatLeadsIt()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", $"7:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]");
        await RawBroker.PullAsync(brokers.ToA, Topic, 7, 0);
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.LockBatchMq);
        request.Body = """{"clientId":"c","consumerGroup":"raw_consumer","mqSet":[{"topic":"Static","brokerName":"__syslo__global__","queueId":7},{"topic":"Static","brokerName":"__syslo__global__","queueId":0}]}"""u8.ToArray();

        RemotingCommand answer = await brokers.A.InvokeAsync(request);

        Encoding.UTF8.GetString(answer.Body.Span).Should().Contain("\"queueId\":7").And.NotContain("\"queueId\":0");
    }

    [Fact]
    public async Task Requests_WhoseStretchLiesOnABrokerThatIsAway_SaySo()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Remapped);
        await RawBroker.PullAsync(brokers.ToA, Topic, 0, 100);

        RawFrame pull = await RawBroker.PullAsync(brokers.ToA, Topic, 0, 5);
        RawFrame min = await brokers.ToA.RequestAsync(RequestCode.GetMinOffset, RawFields.Queue(Topic, 0));
        RawFrame commit = await RawBroker.UpdateOffsetAsync(brokers.ToA, "raw_consumer", Topic, 0, 5);

        foreach (RawFrame answer in (RawFrame[])[pull, min, commit])
        {
            (answer.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "cannot find addr for broker broker-b"));
        }
    }

    public static TheoryData<string, string> Bodies => new()
    {
        { string.Empty, "the request has no body" },
        { "{", "the body is no valid JSON" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Other\"}", "The mapping is of topic Other, the request of Static" },
        { "{\"bname\":\"broker-z\",\"topic\":\"Static\"}", "The mapping is of broker broker-z, this one is broker-a" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Static\",\"totalQueues\":-1}", "The field is illegal: scope must not be empty, totalQueues must be between 0 and 65536" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Static\",\"hostedQueues\":{-1:[]}}", "The queue -1 is illegal" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Static\",\"hostedQueues\":{0:null}}", "The queue 0 is illegal" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Static\",\"hostedQueues\":{0:[null]}}", "The queue 0 is illegal" },
        { "{\"bname\":\"broker-a\",\"topic\":\"Static\",\"hostedQueues\":{\"x\":[]}}", "the body is no valid JSON" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Make_WithAMappingThatIsNone_IsRefusedAndMakesNoTopic(string body, string remark)
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);

        RawFrame answer = await StaticTopicRows.MakeAsync(brokers.ToA, Topic, 1, body);

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().StartWith(remark);
        brokers.A.Host.Modules.Topics.Topics.TryGet(Topic, out _).Should().BeFalse();
    }

    [Fact]
    public async Task Make_MovesADecidedStretch_IsRefusedUnlessForced()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Remapped);
        string moved = StaticTopicRows.Mapping(
            Topic, "broker-a", Epoch + 1, 2, $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 200)}]");

        RawFrame refused = await StaticTopicRows.MakeAsync(brokers.ToA, Topic, 1, moved);
        RemotingCommand forced = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateStaticTopic)
            .Set("topic", Topic).Set("readQueueNums", 1).Set("writeQueueNums", 1).Set("perm", 6).Set("topicFilterType", "SINGLE_TAG").Set("force", true);
        forced.Body = Encoding.UTF8.GetBytes(moved);
        RemotingCommand taken = await brokers.A.InvokeAsync(forced);

        (refused.Code, refused.Remark).Should().Be((ResponseCode.SystemError, "The item of gen 1 is immutable: broker, queue, start and a decided logic offset stay as they are"));
        taken.Code.Should().Be(ResponseCode.Success, taken.Remark);
        (await RawBroker.SendAsync(brokers.ToA, Topic, 0, "x"u8.ToArray())).ExtFields["queueOffset"].Should().Be("200");
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 5)]
    [InlineData(5, 5)]
    [InlineData(4, -1)]
    [InlineData(9, -1)]
    public void TryGetSuccessor_OfAPhysicalQueue_IsWhereItsLogicalQueueGoesOn(int physical, int successor)
    {
        TopicQueueMapping mapping = new()
        {
            BrokerName = "broker-a",
            Queues = new()
            {
                [0] = [Item("broker-a", 0)],
                [1] = [Item("broker-a", 3), Item("broker-b", 3), Item("broker-a", 5)],
                [2] = [Item("broker-a", 4), Item("broker-b", 0)],
                [3] = [Item("broker-b", 9), Item("broker-a", 6)],
            },
        };

        mapping.TryGetSuccessor(physical, out LogicQueueMappingItem? leader).Should().Be(successor >= 0);
        (leader?.QueueId ?? -1).Should().Be(successor);

        static LogicQueueMappingItem Item(string broker, int queue) => new() { BrokerName = broker, QueueId = queue };
    }
}
