using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using static RocketOps.Broker.Tests.StaticTopics.StaticTopicBench;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>Progress in logical queues: what groups commit, reset or copy from each other, and where they go on.</summary>
public sealed class StaticTopicProgressTests
{
    [Fact]
    public async Task Pull_WithProgress_CommitsItBesideTheQueueItLiesIn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MakeAsync(brokers.ToA, "broker-a", Remapped);

        await brokers.A.PullAsync("g", Topic, 0, 100, sysFlag: 1 | 4, commit: 103, subscription: "*");
        long after = brokers.A.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0);
        await brokers.A.PullAsync("g", Topic, 0, 100, sysFlag: 1 | 4, commit: 7, subscription: "*");

        after.Should().Be(3);
        brokers.A.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0).Should().Be(3, "7 lies in a queue of another broker");
    }

    [Fact]
    public async Task Commit_BackOverTheBorderOfAStretch_IsWhereTheGroupGoesOn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        await MoveHereAsync(brokers);
        await RawBroker.PullAsync(brokers.ToA, Topic, 0, 0, group: "g");
        await CommitAsync(101);
        (await ProgressAsync(brokers.ToA, "g")).Should().Be("101");

        await CommitAsync(1);

        (await ProgressAsync(brokers.ToA, "g")).Should().Be("1", "what was kept of the stretch behind it does not count any more");
        await CommitAsync(100);
        (await ProgressAsync(brokers.ToA, "g")).Should().Be("100");
        await brokers.A.PullAsync("g", Topic, 0, 1, sysFlag: 1 | 4, commit: 2, subscription: "*");
        (await ProgressAsync(brokers.ToA, "g")).Should().Be("2", "a pull that brings it, too");

        async Task CommitAsync(long offset) => (await RawBroker.UpdateOffsetAsync(brokers.ToA, "g", Topic, 0, offset)).Code.Should().Be(ResponseCode.Success);
    }

    /// <summary>The broker that leads the queue passes the commit on, and has what goes before it: the progress in the last stretch.</summary>
    [Fact]
    public async Task Commit_BackIntoAStretchOfAnotherBroker_IsWhereTheGroupGoesOn()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await MoveToBAsync(brokers, "g");
        await CommitAsync(101);
        (await ProgressAsync(brokers.ToB, "g")).Should().Be("101");

        await CommitAsync(1);

        brokers.A.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0).Should().Be(1, "the stretch lies there");
        (await ProgressAsync(brokers.ToB, "g")).Should().Be("1", "what was kept of the stretch behind it does not count any more");
        await CommitAsync(100);
        (await ProgressAsync(brokers.ToB, "g")).Should().Be("100");

        async Task CommitAsync(long offset) => (await RawBroker.UpdateOffsetAsync(brokers.ToB, "g", Topic, 0, offset)).Code.Should().Be(ResponseCode.Success);
    }

    /// <summary>What was kept here is all that anybody knows then.</summary>
    [Fact]
    public async Task Commit_BackIntoAStretchWhoseBrokerDoesNotTakeIt_LeavesTheProgressWhereItWas()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await MoveToBAsync(brokers, "g");
        (await RawBroker.UpdateOffsetAsync(brokers.ToB, "g", Topic, 0, 101)).Code.Should().Be(ResponseCode.Success);
        brokers.A.Host.Modules.Offsets.Consumers.Commit("Other", "g", 0, 0);
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = "maxConsumerOffsets=1"u8.ToArray();
        (await brokers.A.InvokeAsync(update)).Code.Should().Be(ResponseCode.Success);

        RawFrame refused = await RawBroker.UpdateOffsetAsync(brokers.ToB, "g", Topic, 0, 1);

        refused.Code.Should().Be(ResponseCode.SystemError);
        refused.Remark.Should().Contain("maxConsumerOffsets");
        (await ProgressAsync(brokers.ToB, "g")).Should().Be("101");
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
        await MoveToBAsync(brokers, "behind", "ahead");

        (await RawBroker.UpdateOffsetAsync(brokers.ToB, "behind", Topic, 0, 1)).Code.Should().Be(ResponseCode.Success);
        (await RawBroker.UpdateOffsetAsync(brokers.ToB, "ahead", Topic, 0, 101)).Code.Should().Be(ResponseCode.Success);
        (await ProgressAsync(brokers.ToB, "behind"), await ProgressAsync(brokers.ToB, "ahead")).Should().Be(("1", "101"));

        foreach (RawConnection broker in (RawConnection[])[brokers.ToA, brokers.ToB])
        {
            RawFrame cloned = await broker.RequestAsync(
                RequestCode.CloneGroupOffset, new Dictionary<string, string>(StringComparer.Ordinal) { ["srcGroup"] = "behind", ["destGroup"] = "ahead", ["topic"] = Topic });
            cloned.Code.Should().Be(ResponseCode.Success, cloned.Remark);
        }

        (await ProgressAsync(brokers.ToB, "ahead")).Should().Be("1");
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

    /// <summary>Logical queue 0 has two messages on broker-a, and lies on broker-b from offset 100 on. Both brokers have the groups.</summary>
    private static async Task MoveToBAsync(StaticTopicBrokers brokers, params string[] groups)
    {
        await MakeAsync(brokers.ToA, "broker-a", Own);
        await brokers.A.SendAsync(Topic, "first");
        await brokers.A.SendAsync(Topic, "second");
        string moved = $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 2)},{StaticTopicRows.Item("broker-b", 1, 0, 100)}]";
        await MakeAsync(brokers.ToB, "broker-b", moved, Epoch + 1);
        await MakeAsync(brokers.ToA, "broker-a", moved, Epoch + 1);
        foreach (RawConnection broker in (RawConnection[])[brokers.ToA, brokers.ToB])
        {
            foreach (string group in groups)
            {
                RawFrame made = await broker.RequestAsync(RequestCode.UpdateAndCreateSubscriptionGroup, body: RawFields.Group(group));
                made.Code.Should().Be(ResponseCode.Success, made.Remark);
            }
        }
    }

    /// <summary>Where a group goes on in logical queue 0, by the broker that leads it.</summary>
    private static async Task<string> ProgressAsync(RawConnection leader, string group) => (await leader.RequestAsync(
        RequestCode.QueryConsumerOffset, RawFields.Progress(group, Topic, 0))).ExtFields["offset"];

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
        await member.RequestAsync(RequestCode.HeartBeat, body: Requests.Heartbeat("g", Topic, "*", "member", 1).Body);
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
}
