using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Groups;

/// <summary>Numbers of a group's configuration that a broker refuses.</summary>
public sealed class GroupLimitsTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Update_RetriesBelowZero_IsRefusedAndTheGroupStaysAsItWas()
    {
        (await UpdateAsync("""{"groupName":"g","retryMaxTimes":0}""")).Code.Should().Be(ResponseCode.Success, "0 is no further delivery");

        RemotingCommand refused = await UpdateAsync("""{"groupName":"g","retryMaxTimes":-1}""");

        refused.Code.Should().Be(ResponseCode.InvalidParameter);
        refused.Remark.Should().StartWith("retryMaxTimes of group g is -1, and must be at least 0");
        _broker.Host.Modules.Groups.Groups.TryGet("g", out Broker.Groups.GroupState? kept).Should().BeTrue();
        kept!.Config.RetryMaxTimes.Should().Be(0);
    }

    [Fact]
    public async Task UpdateList_RetriesBelowZero_IsRefusedAndNoneIsMade()
    {
        RemotingCommand refused = await AskAsync(
            RequestCode.UpdateAndCreateSubscriptionGroupList, """{"groupConfigList":[{"groupName":"one"},{"groupName":"two","retryMaxTimes":-2}]}""");

        refused.Code.Should().Be(ResponseCode.InvalidParameter);
        refused.Remark.Should().StartWith("retryMaxTimes of group two is -2, and must be at least 0");
        _broker.Host.Modules.Groups.Groups.TryGet("one", out _).Should().BeFalse();
    }

    private Task<RemotingCommand> UpdateAsync(string group) => AskAsync(RequestCode.UpdateAndCreateSubscriptionGroup, group);

    private Task<RemotingCommand> AskAsync(int code, string body)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        request.Body = Encoding.UTF8.GetBytes(body);
        return _broker.InvokeAsync(request);
    }
}
