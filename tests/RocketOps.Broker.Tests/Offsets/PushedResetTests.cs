using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Resets that the broker tells members of the group (<c>useServerSideResetOffset=false</c>), of one queue alone.</summary>
public sealed class PushedResetTests : IAsyncLifetime
{
    private TestBroker _broker = null!;
    private RawConnection _member = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        await _broker.CreateTopicAsync("T", queues: 2);
        for (int i = 0; i < 10; i++)
        {
            await _broker.SendAsync("T", $"m{i}", queueId: i % 2);
        }

        _member = await RawConnection.ConnectAsync(_broker.Address);
        await _member.RequestAsync(RequestCode.HeartBeat, body: Requests.Heartbeat("g", "T", "*", "member", 1).Body);
        foreach (int queueId in (int[])[0, 1])
        {
            await _broker.InvokeAsync(Requests.Commit("g", "T", queueId, 5));
        }
    }

    public async Task DisposeAsync()
    {
        await _member.DisposeAsync();
        await _broker.DisposeAsync();
    }

    /// <summary>As mqadmin of 5.x asks: with an offset and the time 0, which then says nothing.</summary>
    [Fact]
    public async Task Reset_OneQueueToAnOffset_TellsMembersThatQueueAlone()
    {
        RemotingCommand reset = await ResetAsync(("queueId", "1"), ("offset", "4"));

        const string Expected = """{"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:4}}""";
        reset.Code.Should().Be(ResponseCode.Success, reset.Remark);
        Encoding.UTF8.GetString(reset.Body.Span).Should().Be(Expected);
        (await ToldAsync()).Should().Be(Expected);
    }

    [Fact]
    public async Task Reset_OneQueueToATime_TellsMembersThatQueueAlone()
    {
        RemotingCommand reset = await ResetAsync(("queueId", "0"), ("isForce", "true"));

        reset.Code.Should().Be(ResponseCode.Success, reset.Remark);
        (await ToldAsync()).Should().Be("""{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:0}}""");
    }

    [Fact]
    public async Task Reset_NoQueueNamed_TellsMembersAll()
    {
        await ResetAsync(("queueId", "-1"), ("isForce", "true"));

        (await ToldAsync()).Should().Be("""{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:0,{"brokerName":"broker-a","queueId":1,"topic":"T"}:0}}""");
    }

    [Theory]
    [InlineData("2", "1", "queueId 2 is not below 2, the topic's number of read queues")]
    [InlineData("0", "7", "Target offset 7 not in consume queue range [0-5]")]
    [InlineData("0", "-2", "Target offset -2 not in consume queue range [0-5]")]
    [InlineData("many", "1", "the custom field <queueId> is no 32-bit number: \"many\"")]
    public async Task Reset_QueueOrOffsetThatIsNone_IsRefused(string queueId, string offset, string remark)
    {
        RemotingCommand reset = await ResetAsync(("queueId", queueId), ("offset", offset));

        (reset.Code, reset.Remark).Should().Be((ResponseCode.SystemError, remark));
    }

    private Task<RemotingCommand> ResetAsync(params (string Name, string Value)[] more)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.InvokeBrokerToResetOffset).Set("topic", "T").Set("group", "g").Set("timestamp", 0);
        foreach ((string name, string value) in more)
        {
            request.Set(name, value);
        }

        return _broker.InvokeAsync(request);
    }

    /// <summary>Offsets that the member is told to go on at.</summary>
    private async Task<string> ToldAsync()
    {
        RawFrame? told = await _member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
        while (told!.Code != RequestCode.ResetConsumerClientOffset)
        {
            // That the group has changed.
            told = await _member.ReceiveAsync().WaitAsync(Eventually.DefaultDeadline);
        }

        return Encoding.UTF8.GetString(told.Body.Span);
    }
}
