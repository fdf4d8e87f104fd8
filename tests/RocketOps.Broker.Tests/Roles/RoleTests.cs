using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>One change of role at a time, and what it means for clients.</summary>
public sealed class RoleTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    private RoleManager Manager => _broker.Host.Modules.Roles.Roles;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s 1h" });

    public Task DisposeAsync() => _broker.DisposeAsync().AsTask();

    [Fact]
    public async Task Follow_WritesAreRefusedAndReadsServed()
    {
        await _broker.SendAsync("Kept", "one");
        await _broker.SubscribeAsync("g", "Kept");

        await Manager.StepDownAsync(epoch: 1);

        (await _broker.InvokeAsync(Requests.Send("Kept", "two"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        (await _broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", "g"))).Code.Should().Be(ResponseCode.SystemError);
        Requests.Decode(await _broker.PullAsync("g", "Kept", 0, 0)).Select(static message => message.Body).Should().Equal("one");
        Manager.Session.Should().BeNull("only a master has one");
    }

    /// <summary>A send that has passed the handler's check when the role changes: the store is asked again where the message gets its place.</summary>
    [Fact]
    public async Task Depose_AnAppendBehindTheHandlersCheck_IsRefusedByTheStore()
    {
        await _broker.SendAsync("Kept", "one");
        Manager.Depose(slaveId: 2);
        long end = _broker.Host.Modules.Host.Store.GetStats().MaxOffset.Value;

        AppendOutcomeOf(await AppendDirectlyAsync()).Should().Be(AppendStatus.ServiceNotAvailable);

        _broker.Host.Modules.Host.Store.GetStats().MaxOffset.Value.Should().Be(end);
        await Manager.TakeOverAsync(epoch: 1);
        AppendOutcomeOf(await AppendDirectlyAsync()).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task TakeOver_MessagesThatWaitedForTheirTime_AreDelivered()
    {
        await _broker.CreateTopicAsync("Later");
        await _broker.SubscribeAsync("g", "Later");
        await Manager.StepDownAsync(epoch: 1);
        await Manager.TakeOverAsync(epoch: 2);

        await _broker.SendAsync("Later", "due", properties: Requests.Properties(("DELAY", "1")));

        await Eventually.TrueAsync(async () => Requests.Decode(await _broker.PullAsync("g", "Later", 0, 0)).Count == 1, "the new session delivers");
        _broker.Host.Modules.Host.Role.Term.Should().Be(new RoleTerm(IsMaster: true, BrokerId: 0, Epoch: 2));
    }

    [Fact]
    public async Task StandBy_DelayedMessagesOnTheirWay_ProgressIsOnDisk()
    {
        await _broker.CreateTopicAsync("Later");
        for (int i = 0; i < 5; i++)
        {
            await _broker.SendAsync("Later", "due", properties: Requests.Properties(("DELAY", "1")));
        }

        await Eventually.TrueAsync(() => _broker.Host.Modules.Offsets.Delays.Get(1) == 5, "all are delivered");
        (await Manager.StandByAsync(slaveId: 2)).Should().Be(RoleChange.Done);

        File.ReadAllText(_broker.Directory.File("store/config/delayOffset.json")).Should().Contain("1:5");
    }

    [Fact]
    public async Task Change_AfterTheStop_IsNotMade()
    {
        await Manager.DisposeAsync();

        (await Manager.FollowAsync(epoch: 1, slaveId: 2, join: null)).Should().Be(RoleChange.Stopping);
        (await Manager.LeadAsync(2, static () => true, static _ => Task.CompletedTask, static _ => throw new InvalidOperationException("it takes none"))).Should().Be(RoleChange.Stopping);
    }

    private static AppendStatus AppendOutcomeOf(AppendOutcome outcome) => outcome.Status;

    private async Task<AppendOutcome> AppendDirectlyAsync()
    {
        MessageHost host = _broker.Host.Modules.Host.Address.StoreHost;
        return await _broker.Host.Modules.Messages.Appender.AppendAsync(
            new OwnedMessage
            {
                Topic = _broker.Host.Modules.Host.Store.GetOrAddTopic("Kept"u8),
                QueueId = 0,
                Fields = new() { Flag = 0, SysFlag = 0, BornTimestamp = 1, BornHost = host, StoreHost = host, ReconsumeTimes = 0 },
                Body = "late"u8.ToArray(),
                Properties = ReadOnlyMemory<byte>.Empty,
            },
            waitForDisk: false);
    }
}
