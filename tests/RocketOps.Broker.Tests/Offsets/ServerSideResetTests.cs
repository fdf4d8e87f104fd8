using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Resets that the broker keeps for the group's next pulls (<c>useServerSideResetOffset</c>).</summary>
public sealed class ServerSideResetTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["useServerSideResetOffset"] = "true" });
        await _broker.CreateTopicAsync("T", queues: 2);
        for (int i = 0; i < 5; i++)
        {
            await _broker.SendAsync("T", $"m{i}");
        }

        await PullAsync(0, commit: 4);
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Reset_GroupOffline_IsToldWithTheNextPullOnce()
    {
        RemotingCommand reset = await _broker.InvokeAsync(Reset(timestamp: 0));

        reset.Code.Should().Be(ResponseCode.Success, reset.Remark);
        Encoding.UTF8.GetString(reset.Body.Span).Should().Be(
            """{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:0,{"brokerName":"broker-a","queueId":1,"topic":"T"}:0}}""");
        RemotingCommand moved = await PullAsync(4, commit: 4);
        (moved.Code, moved.Remark, moved.Get("nextBeginOffset"), moved.Get("minOffset"), moved.Get("maxOffset")).Should().Be((ResponseCode.PullOffsetMoved, "OFFSET_RESET", "0", "0", "5"));
        (await OffsetAsync()).Should().Be("0", "what the old pull commits does not count");
        Requests.Decode(await PullAsync(0, commit: 0)).Should().HaveCount(5);
    }

    [Fact]
    public async Task Reset_PendingStill_CommitsDoNotCount()
    {
        await _broker.InvokeAsync(Reset(timestamp: 0));

        RemotingCommand early = await CommitAsync(4);
        (early.Code, early.Remark).Should().Be((ResponseCode.Success, "Offset has been previously reset"));
        (await OffsetAsync()).Should().Be("0");

        await PullAsync(4, commit: 4);
        (await CommitAsync(2)).Remark.Should().BeNull();
        (await OffsetAsync()).Should().Be("2");
    }

    [Fact]
    public async Task Reset_OneQueueToAnOffset_LeavesTheOthers()
    {
        RemotingCommand reset = await _broker.InvokeAsync(Reset(timestamp: 0).Set("queueId", 0).Set("offset", 3));

        Encoding.UTF8.GetString(reset.Body.Span).Should().Be("""{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:3}}""");
        (await PullAsync(4)).Get("nextBeginOffset").Should().Be("3");
        (await PullAsync(0, queueId: 1)).Code.Should().Be(ResponseCode.PullNotFound);
    }

    [Fact]
    public async Task Reset_NoTime_GoesToTheEnd()
    {
        await _broker.InvokeAsync(Reset(timestamp: -1));

        (await PullAsync(4)).Get("nextBeginOffset").Should().Be("5");
    }

    [Fact]
    public async Task Reset_GroupDeleted_IsForgotten()
    {
        await _broker.InvokeAsync(Reset(timestamp: 0));
        await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", "g").Set("cleanOffset", true));

        Requests.Decode(await PullAsync(4)).Should().ContainSingle();
    }

    [Theory]
    [InlineData("topic", "None", ResponseCode.TopicNotExist, "Topic None does not exist")]
    [InlineData("group", "none", ResponseCode.SubscriptionGroupNotExist, "Group none does not exist")]
    [InlineData("offset", "7", ResponseCode.SystemError, "Target offset 7 not in consume queue range [0-5]")]
    [InlineData("offset", "-2", ResponseCode.SystemError, "Target offset -2 not in consume queue range [0-5]")]
    [InlineData("queueId", "2", ResponseCode.SystemError, "queueId 2 is not below 2, the topic's number of read queues")]
    [InlineData("queueId", "many", ResponseCode.SystemError, "the custom field <queueId> is no 32-bit number: \"many\"")]
    [InlineData("topic", null, ResponseCode.SystemError, "the custom field <topic> is null")]
    [InlineData("group", null, ResponseCode.SystemError, "the custom field <group> is null")]
    [InlineData("timestamp", null, ResponseCode.SystemError, "the custom field <timestamp> is null")]
    public async Task Reset_FieldThatIsNone_IsRefusedByName(string field, string? value, int code, string remark)
    {
        RemotingCommand request = Reset(timestamp: 0).Set("queueId", 0).Set("offset", 1);
        request.ExtFields!.Remove(field);
        request.Set(field, value);

        RemotingCommand answer = await _broker.InvokeAsync(request);

        (answer.Code, answer.Remark).Should().Be((code, remark));
        (await PullAsync(4)).Code.Should().Be(ResponseCode.Success, "nothing is reset");
    }

    private static RemotingCommand Reset(long timestamp) =>
        RemotingCommand.CreateRequest(RequestCode.InvokeBrokerToResetOffset).Set("topic", "T").Set("group", "g").Set("timestamp", timestamp).Set("isForce", true);

    private Task<RemotingCommand> PullAsync(long offset, long? commit = null, int queueId = 0) =>
        _broker.PullAsync("g", "T", queueId, offset, sysFlag: commit is null ? 4 : 5, commit: commit ?? 0, subscription: "*");

    private Task<RemotingCommand> CommitAsync(long offset) => _broker.InvokeAsync(
        Requests.Commit("g", "T", 0, offset));

    private async Task<string?> OffsetAsync() =>
        (await _broker.InvokeAsync(Requests.Progress("g", "T", 0))).Get("offset");
}
