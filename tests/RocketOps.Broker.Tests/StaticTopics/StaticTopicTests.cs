using System.Text;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Tests.Timers;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>Static topics: logical queues over physical ones of several brokers. The table of answers is run against Apache's 5.5.0 in the interop ring.</summary>
public sealed class StaticTopicTests
{
    private const string Topic = "Static";
    private const long Epoch = 1_731_999_999_000;

    private static readonly string Own = $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]";

    private static readonly string Remapped = $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";

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

        string route = await RouteAsync(brokers, Topic);
        await MakeAsync(brokers.ToA, "broker-a", Own, topic: "Plain", plain: true);
        string plain = await RouteAsync(brokers, "Plain");

        route.Should().Contain(
            "\"topicQueueMappingByBroker\":{\"broker-a\":{\"bname\":\"broker-a\",\"currIdMap\":{\"0\":0},\"dirty\":false,\"epoch\":1731999999000,\"scope\":\"__global__\",\"topic\":\"Static\",\"totalQueues\":2},\"broker-b\":{\"bname\":\"broker-b\",\"currIdMap\":{\"1\":0},");
        plain.Should().Contain("\"queueDatas\"").And.NotContain("topicQueueMappingByBroker");
    }

    [Fact]
    public async Task Route_RemappedWithoutAChangeOfQueues_IsRenewedAtOnce()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Own);

        await MakeAsync(brokers.ToA, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)},{StaticTopicRows.Item("broker-b", 1, 0, -1)}]", Epoch + 1);

        (await RouteAsync(brokers, Topic)).Should().Contain("\"currIdMap\":{},\"dirty\":false,\"epoch\":1731999999001");
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

        (await RouteAsync(brokers, Topic)).Should().Contain("\"currIdMap\":{\"0\":0}");
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
        (await RouteAsync(brokers, Topic)).Should().NotContain("topicQueueMappingByBroker");
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
        await Eventually.TrueAsync(() => brokers.A.Host.Parts.ParkedPulls.Count == 1, "the pull waits");

        await brokers.A.SendAsync(Topic, "woken");
        RemotingCommand answer = await held;

        answer.Code.Should().Be(ResponseCode.Success);
        (answer.Get("nextBeginOffset"), answer.Get("minOffset"), answer.Get("maxOffset"), answer.Get("offsetDelta")).Should().Be(("101", "100", "101", "100"));
        Requests.Decode(answer).Should().ContainSingle().Which.QueueOffset.Should().Be(0, "consumers add the delta themselves");
    }

    [Fact]
    public async Task Pull_WithProgress_CommitsItBesideTheQueueItLiesIn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Remapped);

        await brokers.A.PullAsync("g", Topic, 0, 100, sysFlag: 1 | 4, commit: 103, subscription: "*");
        long after = brokers.A.Host.Parts.ConsumerOffsets.Query(Topic, "g", 0);
        await brokers.A.PullAsync("g", Topic, 0, 100, sysFlag: 1 | 4, commit: 7, subscription: "*");

        after.Should().Be(3);
        brokers.A.Host.Parts.ConsumerOffsets.Query(Topic, "g", 0).Should().Be(3, "7 lies in a queue of another broker");
    }

    [Fact]
    public async Task Commit_BackOverTheBorderOfAStretch_IsWhereTheGroupGoesOn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MoveHereAsync(brokers);
        await RawBroker.PullAsync(brokers.ToA, Topic, 0, 0, group: "g");
        await CommitAsync(101);
        (await ProgressAsync()).Should().Be("101");

        await CommitAsync(1);

        (await ProgressAsync()).Should().Be("1", "what was kept of the stretch behind it does not count any more");
        await CommitAsync(100);
        (await ProgressAsync()).Should().Be("100");
        await brokers.A.PullAsync("g", Topic, 0, 1, sysFlag: 1 | 4, commit: 2, subscription: "*");
        (await ProgressAsync()).Should().Be("2", "a pull that brings it, too");

        async Task CommitAsync(long offset) => (await RawBroker.UpdateOffsetAsync(brokers.ToA, "g", Topic, 0, offset)).Code.Should().Be(ResponseCode.Success);

        async Task<string> ProgressAsync() => (await brokers.ToA.RequestAsync(
            RequestCode.QueryConsumerOffset, new Dictionary<string, string>(StringComparer.Ordinal) { ["consumerGroup"] = "g", ["topic"] = Topic, ["queueId"] = "0" })).ExtFields["offset"];
    }

    /// <summary>A failover must not bring back what the group has left.</summary>
    [Fact]
    public async Task Slave_ProgressThatWentBackOverABorder_IsGoneThereToo()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await using RawConnection master = await RawConnection.ConnectAsync(group.Master.Address);
        await MoveHereAsync(master, group.Master);
        await RawBroker.PullAsync(master, Topic, 0, 0, group: "g");
        (await RawBroker.UpdateOffsetAsync(master, "g", Topic, 0, 101)).Code.Should().Be(ResponseCode.Success);
        await Eventually.TrueAsync(() => Known(1) == 1, "the slave has the progress in the second stretch");

        (await RawBroker.UpdateOffsetAsync(master, "g", Topic, 0, 1)).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => Known(0) == 1, "the slave has the progress in the first one");
        Known(1).Should().Be(-1, "both come in one table");
        group.Slave.Host.Parts.ConsumerOffsets.QueuesOf(Topic, "g").Select(static queue => queue.Key).Should().Equal(0);

        long Known(int queueId) => group.Slave.Host.Parts.ConsumerOffsets.Query(Topic, "g", queueId);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Reset_TellsMembersOffsetsOfTheLogicalQueues(string serverSide)
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await ResetAtTheServerAsync(brokers, serverSide);
        await MoveHereAsync(brokers);
        await using RawConnection member = await JoinAsync(brokers);
        await RawBroker.UpdateOffsetAsync(brokers.ToA, "g", Topic, 0, 101);

        foreach ((string time, string offset) in new[] { ("0", "0"), ("-1", "101") })
        {
            RawFrame answer = await ResetAsync(brokers, ("timestamp", time), ("isForce", "true"));

            (answer.Code, Encoding.UTF8.GetString(answer.Body.Span)).Should().Be((ResponseCode.Success, $"{{\"offsetTable\":{{{QueueAt(0, offset)}}}}}"));
            (await ToldAsync(member)).Should().Be($"{{\"offsetTable\":{{{QueueAt(0, offset)},{QueueAt(0, offset, "__syslo__global__")}}}}}");
        }
    }

    /// <summary>As mqadmin of 5.x asks for one queue: with an offset and the time 0, which then says nothing, and without force.</summary>
    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Reset_OfOneLogicalQueue_LeavesTheOthers(string serverSide)
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await ResetAtTheServerAsync(brokers, serverSide);
        await MakeAsync(brokers.ToA, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}],1:[{StaticTopicRows.Item("broker-a", 0, 1, 0)}],2:[{StaticTopicRows.Item("broker-b", 0, 0, 0)}]", queues: 2);
        await using RawConnection member = await JoinAsync(brokers);
        foreach (int queueId in (int[])[0, 1])
        {
            await brokers.A.SendAsync(Topic, "first", queueId);
            await brokers.A.SendAsync(Topic, "second", queueId);
            await RawBroker.UpdateOffsetAsync(brokers.ToA, "g", Topic, queueId, 2);
        }

        RawFrame elsewhere = await ResetAsync(brokers, ("timestamp", "0"), ("queueId", "2"), ("offset", "1"));
        RawFrame behind = await ResetAsync(brokers, ("timestamp", "0"), ("queueId", "0"), ("offset", "4"));
        RawFrame toAnOffset = await ResetAsync(brokers, ("timestamp", "0"), ("queueId", "0"), ("offset", "1"));
        RawFrame toATime = await ResetAsync(brokers, ("timestamp", "0"), ("queueId", "1"), ("isForce", "true"));

        (elsewhere.Code, elsewhere.Remark).Should().Be((ResponseCode.NotLeaderForQueue, "Static-2 does not exit in request process of current broker broker-a"));
        (behind.Code, behind.Remark).Should().Be((ResponseCode.SystemError, "Target offset 4 not in consume queue range [0-2]"));
        (toAnOffset.Code, Encoding.UTF8.GetString(toAnOffset.Body.Span)).Should().Be((ResponseCode.Success, $"{{\"offsetTable\":{{{QueueAt(0, "1")}}}}}"));
        (toATime.Code, Encoding.UTF8.GetString(toATime.Body.Span)).Should().Be((ResponseCode.Success, $"{{\"offsetTable\":{{{QueueAt(1, "0")}}}}}"));
        (await ToldAsync(member)).Should().Be($"{{\"offsetTable\":{{{QueueAt(0, "1")},{QueueAt(0, "1", "__syslo__global__")}}}}}", "nobody is told of what is refused");
        (await ToldAsync(member)).Should().Be($"{{\"offsetTable\":{{{QueueAt(1, "0")},{QueueAt(1, "0", "__syslo__global__")}}}}}");
    }

    /// <summary>The newest stretch that knows of any progress counts: what a broker does not have of the other group must not stay there of this one.</summary>
    [Fact]
    public async Task Clone_OfAGroupThatIsInAnOlderStretch_IsWhereTheOtherGoesOn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await MakeAsync(brokers.ToA, "broker-a", Own);
        await brokers.A.SendAsync(Topic, "first");
        await brokers.A.SendAsync(Topic, "second");
        string moved = $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-b", 1, 0, 100)}]";
        await MakeAsync(brokers.ToB, "broker-b", moved, Epoch + 1);
        await MakeAsync(brokers.ToA, "broker-a", moved, Epoch + 1);
        foreach (RawConnection broker in (RawConnection[])[brokers.ToA, brokers.ToB])
        {
            await MakeGroupAsync(broker, "behind");
            await MakeGroupAsync(broker, "ahead");
        }

        (await RawBroker.UpdateOffsetAsync(brokers.ToB, "behind", Topic, 0, 1)).Code.Should().Be(ResponseCode.Success);
        (await RawBroker.UpdateOffsetAsync(brokers.ToB, "ahead", Topic, 0, 101)).Code.Should().Be(ResponseCode.Success);
        (await ProgressAsync("behind"), await ProgressAsync("ahead")).Should().Be(("1", "101"));

        foreach (RawConnection broker in (RawConnection[])[brokers.ToA, brokers.ToB])
        {
            RawFrame cloned = await broker.RequestAsync(
                RequestCode.CloneGroupOffset, new Dictionary<string, string>(StringComparer.Ordinal) { ["srcGroup"] = "behind", ["destGroup"] = "ahead", ["topic"] = Topic });
            cloned.Code.Should().Be(ResponseCode.Success, cloned.Remark);
        }

        (await ProgressAsync("ahead")).Should().Be("1");

        async Task<string> ProgressAsync(string group) => (await brokers.ToB.RequestAsync(
            RequestCode.QueryConsumerOffset, new Dictionary<string, string>(StringComparer.Ordinal) { ["consumerGroup"] = group, ["topic"] = Topic, ["queueId"] = "0" })).ExtFields["offset"];

        static async Task MakeGroupAsync(RawConnection broker, string group)
        {
            RawFrame made = await broker.RequestAsync(RequestCode.UpdateAndCreateSubscriptionGroup, body: Encoding.UTF8.GetBytes($$"""{"groupName":"{{group}}","consumeEnable":true,"retryQueueNums":1,"retryMaxTimes":16}"""));
            made.Code.Should().Be(ResponseCode.Success, made.Remark);
        }
    }

    [Fact]
    public async Task ConsumeStats_OfAQueueWithoutProgress_SayNoneAndNotZero()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MoveHereAsync(brokers);
        await RawBroker.PullAsync(brokers.ToA, Topic, 0, 0, group: "g");
        await RawBroker.UpdateOffsetAsync(brokers.ToA, "g", Topic, 0, 1);

        RawFrame answer = await brokers.ToA.RequestAsync(RequestCode.GetConsumeStats, new Dictionary<string, string>(StringComparer.Ordinal) { ["consumerGroup"] = "g", ["topic"] = Topic });

        Encoding.UTF8.GetString(answer.Body.Span).Should()
            .Contain("\"queueId\":0,\"topic\":\"Static\"}:{\"brokerOffset\":2,\"consumerOffset\":1,")
            .And.Contain("\"queueId\":1,\"topic\":\"Static\"}:{\"brokerOffset\":1,\"consumerOffset\":-1,");
        RawFrame ofAll = await brokers.ToA.RequestAsync(RequestCode.GetBrokerConsumeStats, new Dictionary<string, string>(StringComparer.Ordinal) { ["isOrder"] = "false" });
        Encoding.UTF8.GetString(ofAll.Body.Span).Should().Contain("\"totalInflightDiff\":1", "of the two messages that were read one is consumed; of a queue without progress none is in flight");
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
        RawFrame min = await brokers.ToA.RequestAsync(RequestCode.GetMinOffset, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = Topic, ["queueId"] = "0" });
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
        brokers.A.Host.Parts.Topics.TryGet(Topic, out _).Should().BeFalse();
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

    [Fact]
    public async Task Sweep_AStretchWithMessages_Stays_AndAnExpiredOneLeavesTheMapping()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await brokers.B.CreateTopicAsync(Topic, queues: 2);
        await brokers.B.SendAsync(Topic, "old");
        string kept = $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";
        string expired = $"1:[{StaticTopicRows.Item("broker-b", 0, 1, 0)},{StaticTopicRows.Item("broker-a", 1, 1, 50)}]";
        await MakeAsync(brokers.ToA, "broker-a", $"{kept},{expired}", queues: 2);

        await brokers.A.Host.Parts.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);
        RawFrame min = await brokers.ToA.RequestAsync(31, new Dictionary<string, string>(StringComparer.Ordinal) { ["topic"] = Topic, ["queueId"] = "1" });
        RemotingCommand before = await brokers.A.PullAsync("g", Topic, 1, 3, sysFlag: 4, subscription: "*");

        SortedDictionary<int, List<LogicQueueMappingItem>> queues = brokers.A.Host.Parts.Mappings.Find(Topic)!.Queues!;
        queues[0].Should().HaveCount(2);
        queues[1].Should().ContainSingle().Which.LogicOffset.Should().Be(50);
        min.ExtFields["offset"].Should().Be("50");
        (before.Code, before.Get("nextBeginOffset")).Should().Be((ResponseCode.PullOffsetMoved, "50"), "who reads from before it goes on behind it");
        (await RawBroker.SendAsync(brokers.ToA, Topic, 1, "new"u8.ToArray())).ExtFields["queueOffset"].Should().Be("50");
    }

    [Fact]
    public async Task Sweep_ABrokerThatIsAway_OrAnUndecidedSuccessor_ChangesNothing()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        string away = $"0:[{StaticTopicRows.Item("broker-away", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";
        string undecided = $"1:[{StaticTopicRows.Item("broker-a", 0, 1, 0)},{StaticTopicRows.Item("broker-a", 1, 2, -1)}]";
        await MakeAsync(brokers.ToA, "broker-a", $"{away},{undecided}", queues: 3);

        await brokers.A.Host.Parts.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);

        brokers.A.Host.Parts.Mappings.Find(Topic)!.Queues!.Values.Should().OnlyContain(static items => items.Count == 2);
    }

    /// <summary>Queue 0 moves to another queue of this broker, queue 1 to another broker, while messages of both wait. The stretch that they find their way by is empty; it leaves the mapping when they are delivered.</summary>
    [Fact]
    public async Task Deliver_RemappedWhileItWaited_GoesWhereItsQueueIsNow_OrIsKept()
    {
        ShiftedTime time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["storePathRootDir"] = "/store", ["messageDelayLevel"] = "5s" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), time: time);
        await RemapAsync(Epoch, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}],1:[{StaticTopicRows.Item("broker-a", 0, 1, 0)}]");
        await broker.SendAsync(Topic, "stays", queueId: 0, Requests.Properties(("DELAY", "1")));
        await broker.SendAsync(Topic, "goes", queueId: 1, Requests.Properties(("DELAY", "1")));
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand here = await producer.SendHalfAsync(Topic, "half here", time.GetUtcNow(), queueId: 0);
        RemotingCommand elsewhere = await producer.SendHalfAsync(Topic, "half elsewhere", time.GetUtcNow(), queueId: 1);
        await RemapAsync(
            Epoch + 1,
            $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 0)},{StaticTopicRows.Item("broker-a", 1, 2, 100)}],1:[{StaticTopicRows.Item("broker-a", 0, 1, 0, endOffset: 0)},{StaticTopicRows.Item("broker-b", 1, 0, 100)}]");

        await SweepAsync();
        Stretches().Should().Be(2, "messages wait for the first one");
        RemotingCommand committed = await producer.CommitAsync(here);
        RemotingCommand refused = await producer.CommitAsync(elsewhere);

        committed.Code.Should().Be(ResponseCode.Success, committed.Remark);
        (refused.Code, refused.Remark).Should().Be((ResponseCode.NotLeaderForQueue, "Static-1 does not exit in request process of current broker broker-a"));
        IReadOnlyList<Requests.Received> delivered = [];
        IReadOnlyList<Requests.Received> kept = [];
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                delivered = Requests.Decode(await broker.PullAsync("g", Topic, 0, 100, sysFlag: 4, subscription: "*"));
                kept = Requests.Decode(await broker.PullAsync("g", "rmq_sys_undeliverable", 0, 0, sysFlag: 4, subscription: "*"));
                return delivered.Count == 2 && kept.Count > 0;
            },
            "a consumer of the logical queue gets the committed message and the delayed one, and what cannot be delivered here is kept");
        delivered.Select(static message => (message.Body, message.QueueId)).Should().Equal(("half here", 2), ("stays", 2));
        kept.Should().ContainSingle().Which.Body.Should().Be("goes");
        await Eventually.TrueAsync(
            async () =>
            {
                await SweepAsync();
                return Stretches() == 1;
            },
            "nothing waits for the first stretch any more");

        Task SweepAsync() => broker.Host.Parts.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);

        int Stretches() => broker.Host.Parts.Mappings.Find(Topic)!.Queues![0].Count;

        async Task RemapAsync(long epoch, string queues)
        {
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateStaticTopic)
                .Set("topic", Topic).Set("readQueueNums", 3).Set("writeQueueNums", 3).Set("perm", 6).Set("topicFilterType", "SINGLE_TAG");
            request.Body = Encoding.UTF8.GetBytes(StaticTopicRows.Mapping(Topic, "broker-a", epoch, 2, queues));
            RemotingCommand answer = await broker.InvokeAsync(request);
            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        }
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

    [Fact]
    public async Task Slave_TakesTheMappingsOver()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await using (RawConnection master = await RawConnection.ConnectAsync(group.Master.Address))
        {
            await MakeAsync(master, "broker-a", Own);
        }

        TopicQueueMapping? copy = null;
        await Eventually.TrueAsync(() => (copy = group.Slave.Host.Parts.Mappings.Find(Topic)) is not null, "the slave has the mapping");

        copy!.Queues.Should().ContainKey(0).WhoseValue.Should().ContainSingle().Which.Should().Be(new LogicQueueMappingItem { BrokerName = "broker-a" });
        group.Slave.Host.Parts.Mappings.Version.Should().Be(group.Master.Host.Parts.Mappings.Version);
        await Eventually.TrueAsync(() => group.Slave.Host.Parts.Topics.TryGet(Topic, out Broker.Topics.TopicState? topic) && topic.Mapping is not null, "the slave serves it");
    }

    /// <summary>A slave asks at the moment when a static topic has its mapping and is no topic yet.</summary>
    [Fact]
    public async Task Slave_AsksBeforeTheTopicOfAMappingIsThere_HasBoth()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        TopicQueueMapping mapping = new() { Topic = Topic, Scope = "__global__", TotalQueues = 1, BrokerName = "broker-a", Epoch = Epoch, Queues = new() { [0] = [new LogicQueueMappingItem { BrokerName = "broker-a" }] } };

        await group.Master.Host.Parts.Mappings.UpdateAsync(mapping, force: false);

        await Eventually.TrueAsync(() => group.Slave.Host.Parts.Mappings.Version == group.Master.Host.Parts.Mappings.Version, "the slave has this version of the mappings");
        group.Slave.Host.Parts.Mappings.Find(Topic).Should().NotBeNull();
        await group.Master.CreateTopicAsync(Topic);
        await Eventually.TrueAsync(() => group.Slave.Host.Parts.Topics.TryGet(Topic, out Broker.Topics.TopicState? topic) && topic.Mapping is not null, "the slave serves it");
    }

    private static async Task MakeAsync(RawConnection broker, string name, string mapping, long epoch = Epoch, string topic = Topic, bool plain = false, int queues = 1)
    {
        RawFrame answer = plain
            ? await RawBroker.CreateTopicAsync(broker, topic, queues)
            : await StaticTopicRows.MakeAsync(broker, topic, queues, StaticTopicRows.Mapping(topic, name, epoch, 2, mapping));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>Logical queue 0 has two messages in physical queue 0, and from offset 100 on one in physical queue 1.</summary>
    private static Task MoveHereAsync(StaticTopicBrokers brokers) => MoveHereAsync(brokers.ToA, brokers.A);

    private static async Task MoveHereAsync(RawConnection connection, TestBroker broker)
    {
        await MakeAsync(connection, "broker-a", Own, queues: 2);
        await broker.SendAsync(Topic, "first");
        await broker.SendAsync(Topic, "second");
        await MakeAsync(connection, "broker-a", $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-a", 1, 1, 100)}]", Epoch + 1, queues: 2);
        await broker.SendAsync(Topic, "third");
    }

    private static async Task ResetAtTheServerAsync(StaticTopicBrokers brokers, string serverSide)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes($"useServerSideResetOffset={serverSide}\n");
        (await brokers.A.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);
    }

    /// <summary>A member of the group g on a connection of its own.</summary>
    private static async Task<RawConnection> JoinAsync(StaticTopicBrokers brokers)
    {
        RawConnection member = await RawConnection.ConnectAsync(brokers.A.Address);
        await member.RequestAsync(RequestCode.HeartBeat, body: TestBroker.Heartbeat("g", Topic, "*", "member", 1));
        return member;
    }

    private static Task<RawFrame> ResetAsync(StaticTopicBrokers brokers, params (string Name, string Value)[] more)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = Topic, ["group"] = "g" };
        foreach ((string name, string value) in more)
        {
            fields[name] = value;
        }

        return brokers.ToA.RequestAsync(RequestCode.InvokeBrokerToResetOffset, fields);
    }

    /// <summary>Where the member is told to go next.</summary>
    private static async Task<string> ToldAsync(RawConnection member)
    {
        RawFrame? told = await member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
        while (told!.Code != RequestCode.ResetConsumerClientOffset)
        {
            // That the group has changed.
            told = await member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
        }

        return Encoding.UTF8.GetString(told.Body.Span);
    }

    private static string QueueAt(int queueId, string offset, string broker = "broker-a") => $"{{\"brokerName\":\"{broker}\",\"queueId\":{queueId},\"topic\":\"Static\"}}:{offset}";

    private static async Task<string> RouteAsync(StaticTopicBrokers brokers, string topic)
    {
        await using RemotingClient client = TestBroker.NewClient();
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", topic);
        RemotingCommand answer = await client.InvokeAsync(brokers.NameServerAddress, request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }
}
