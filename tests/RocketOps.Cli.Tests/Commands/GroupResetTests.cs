using System.Text.Json;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Cli.Tests.Commands;

/// <summary>What <c>group reset</c> asks a broker for, by how the group's members read.</summary>
public sealed class GroupResetTests
{
    [Theory]
    [InlineData("CONSUME_ACTIVELY", "CLUSTERING", "group g has 1 member online (c@1). They read by CONSUME_ACTIVELY, which nobody can tell where to go on. Stop them first")]
    [InlineData("CONSUME_PASSIVELY", "BROADCASTING", "group g is BROADCASTING: each of its members keeps its own offsets")]
    public async Task Reset_MembersThatCannotBeTold_IsRefusedAndChangesNothing(string type, string model, string problem)
    {
        (CliRun run, RemotingCommand[] writes) = await ResetAsync(type, model, FakePeer.Code(ResponseCode.Success));

        run.ExitCode.Should().Be(1);
        run.Error.Should().StartWith($"rocketops: {problem}");
        writes.Should().BeEmpty();
    }

    /// <summary>A broker refuses to tell a group of which it has no offset in one of the queues.</summary>
    [Fact]
    public async Task Reset_RunningGroup_IsGivenTheOffsetsItLacksAndTold()
    {
        (CliRun run, RemotingCommand[] writes) = await ResetAsync("CONSUME_PASSIVELY", "CLUSTERING", FakePeer.Body(
            """{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:3,{"brokerName":"b","queueId":1,"topic":"T"}:9}}"""));

        run.EnsureSuccess().OutputLines.Last().Should().Be("g: moved in 2 queues; 1 member told");
        writes.Select(static request => (request.Code, request.Get("queueId"), request.Get("commitOffset"), request.Get("timestamp")))
            .Should().Equal((RequestCode.UpdateConsumerOffset, "1", "8", null), (RequestCode.InvokeBrokerToResetOffset, null, null, "-1"));
    }

    /// <summary>A topic may be read in more queues than it is written to, and brokers tell of the latter alone.</summary>
    [Fact]
    public async Task Reset_QueueThatTheBrokerDoesNotName_IsNotCalledMoved()
    {
        Func<RemotingCommand, RemotingCommand?> told = FakePeer.Body("""{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:8}}""");

        (CliRun run, _) = await ResetAsync("CONSUME_PASSIVELY", "CLUSTERING", told);
        (CliRun listed, _) = await ResetAsync("CONSUME_PASSIVELY", "CLUSTERING", told, "-o", "json");

        run.ExitCode.Should().Be(1);
        run.OutputLines.Last().Should().Be("g: moved in 1 queue; 1 member told");
        run.Error.Should().Be("rocketops: brokers have not told the members of b/1: there group g goes on where it is. Stop its members and reset it again.\n");
        listed.ExitCode.Should().Be(1);
        using JsonDocument changes = JsonDocument.Parse(listed.Output);
        changes.RootElement.EnumerateArray().Select(static change => (change.GetProperty("queue").GetInt32(), change.GetProperty("done").GetString())).Should().Equal((0, "moved"));
    }

    [Fact]
    public async Task Reset_MembersHaveLeftTheBroker_ItsOffsetsAreSet()
    {
        (CliRun run, RemotingCommand[] writes) = await ResetAsync("CONSUME_PASSIVELY", "CLUSTERING", FakePeer.Code(ResponseCode.ConsumerNotOnline));

        run.EnsureSuccess();
        writes.TakeLast(2).Select(static request => (request.Code, request.Get("queueId"), request.Get("commitOffset"))).Should().Equal((RequestCode.UpdateConsumerOffset, "0", "8"), (RequestCode.UpdateConsumerOffset, "1", "8"));
    }

    /// <summary>To the end of two queues that end at 8, of a group that has committed 5 in the first.</summary>
    private static async Task<(CliRun Run, RemotingCommand[] Writes)> ResetAsync(string type, string model, Func<RemotingCommand, RemotingCommand?> reset, params string[] options)
    {
        await using FakePeer broker = await FakePeer.StartAsync(
            (RequestCode.GetAllSubscriptionGroupConfig, FakePeer.Body("""{"subscriptionGroupTable":{"g":{"groupName":"g"}}}""")),
            (RequestCode.GetConsumerConnectionList, FakePeer.Body($$"""{"connectionSet":[{"clientId":"c@1","clientAddr":"127.0.0.1:1"}],"consumeType":"{{type}}","messageModel":"{{model}}"}""")),
            (RequestCode.GetConsumeStats, FakePeer.Body("""{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:{"brokerOffset":8,"consumerOffset":5,"lastTimestamp":0},{"brokerName":"b","queueId":1,"topic":"T"}:{"brokerOffset":8,"consumerOffset":0,"lastTimestamp":0}}}""")),
            (RequestCode.GetMaxOffset, Offset(8)),
            (RequestCode.GetMinOffset, Offset(0)),
            (RequestCode.UpdateConsumerOffset, FakePeer.Code(ResponseCode.Success)),
            (RequestCode.InvokeBrokerToResetOffset, reset));
        string brokers = $$$"""{"brokerAddrs":{0:"{{{broker.Address}}}"},"brokerName":"b","cluster":"C"}""";
        await using FakePeer nameServer = await FakePeer.StartAsync(
            (RequestCode.GetBrokerClusterInfo, FakePeer.Body($$$"""{"brokerAddrTable":{"b":{{{brokers}}}},"clusterAddrTable":{"C":["b"]}}""")),
            (RequestCode.GetRouteInfoByTopic, FakePeer.Body($$"""{"brokerDatas":[{{brokers}}],"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":2,"writeQueueNums":2}]}""")));

        CliRun run = await CliRun.RunAsync(["group", "reset", "g", "--topic", "T", "--to", "end", "--yes", "-n", nameServer.Address, .. options]);
        return (run, [.. broker.Received.Where(static request => request.Code is RequestCode.UpdateConsumerOffset or RequestCode.InvokeBrokerToResetOffset)]);
    }

    private static Func<RemotingCommand, RemotingCommand?> Offset(long offset) => request => RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("offset", offset);
}
