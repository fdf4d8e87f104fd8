using System.Globalization;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>A former master whose log is cut to where the new master's begins to differ: what that means for the log, for consumers that wait, and for delayed messages.</summary>
public sealed class RoleCutTests
{
    /// <summary>The longest; no time passes while pulls are held here, so whatever answers them is not the end of it.</summary>
    private const long HoldMs = 60_000;

    [Fact]
    public async Task Cut_ByAFollower_KeepsWhatLiesBeforeAndGoesOnThere()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.SendAsync("T", "kept");
        PhysicalOffset cut = OffsetOf(await broker.SendAsync("T", "cut off"));
        await broker.SendAsync("T", "cut off as well");
        await broker.SubscribeAsync("g", "T");

        await broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(epoch: 1, cut);

        broker.Host.Modules.Host.Store.Positions.Appended.Should().Be(cut);
        Bodies(await broker.PullAsync("g", "T", 0, 0)).Should().Equal("kept");
        (await broker.InvokeAsync(Requests.Send("T", "refused"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        Directory.GetFiles(broker.Directory.File("store/diverged")).Should().ContainSingle("what was cut off is kept aside");
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);
        RemotingCommand next = await broker.SendAsync("T", "next");
        OffsetOf(next).Should().Be(cut);
        next.Get("queueOffset").Should().Be("1");
        Bodies(await broker.PullAsync("g", "T", 0, 0)).Should().Equal("kept", "next");
    }

    [Fact]
    public async Task Cut_WhereNoRecordBegins_IsAFollowerWithItsWholeLog()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        PhysicalOffset one = OffsetOf(await broker.SendAsync("T", "one"));
        PhysicalOffset end = broker.Host.Modules.Host.Store.Positions.Appended;

        Func<Task> change = () => broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(epoch: 1, new PhysicalOffset(one.Value + 3));

        await change.Should().ThrowAsync<StoreException>();
        broker.Host.Modules.Host.Role.IsSlave.Should().BeTrue();
        broker.Host.Modules.Host.Store.Positions.Appended.Should().Be(end);
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);
        await broker.SendAsync("T", "two");
    }

    /// <summary>RocketMQ's slave leaves the offset to the consumer and sends it to the master, unless it is told to check (offsetCheckInSlave).</summary>
    [Theory]
    [InlineData("false", ResponseCode.PullRetryImmediately)]
    [InlineData("true", ResponseCode.PullOffsetMoved)]
    public async Task Cut_PullWaitsBehindIt_IsAnsweredNow(string checks, int code)
    {
        MovedTime time = new();
        using IDisposable held = time.Hold();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["offsetCheckInSlave"] = checks }, time: time);
        await broker.SendAsync("T", "kept");
        PhysicalOffset cut = OffsetOf(await broker.SendAsync("T", "cut off"));
        await broker.SendAsync("T", "cut off as well");
        await broker.SubscribeAsync("g", "T");
        Task<RemotingCommand> behind = broker.PullAsync("g", "T", 0, 3, sysFlag: 2, holdMs: HoldMs);
        Task<RemotingCommand> atTheNewEnd = broker.PullAsync("g", "T", 0, 2, sysFlag: 2, holdMs: HoldMs);
        Bodies(await atTheNewEnd).Should().Equal("cut off as well");
        await Eventually.TrueAsync(() => broker.Host.Modules.Pulls.Parked.Count == 1, "the pull waits");

        await broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(epoch: 1, cut);

        (await behind.WaitAsync(Eventually.DefaultDeadline)).Code.Should().Be(code);
        Task<RemotingCommand> waits = broker.PullAsync("g", "T", 0, 1, sysFlag: 2, holdMs: HoldMs);
        await Eventually.TrueAsync(() => broker.Host.Modules.Pulls.Parked.Count == 1, "at the end of the queue it waits as ever");
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);
        (await broker.PullAsync("g", "T", 0, 3, sysFlag: 2, holdMs: HoldMs)).Code.Should().Be(ResponseCode.PullOffsetMoved);
        await broker.SendAsync("T", "next");
        Bodies(await waits.WaitAsync(Eventually.DefaultDeadline)).Should().Equal("next");
    }

    [Fact]
    public async Task Cut_OfACopyOfADelayedMessage_ItIsDeliveredAgain()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s 1h" });
        await broker.CreateTopicAsync("Later");
        await broker.SubscribeAsync("g", "Later");
        await broker.SendAsync("Later", "due", properties: Requests.Properties(("DELAY", "1")));
        Requests.Received? copy = null;
        await Eventually.TrueAsync(async () => (copy = Requests.Decode(await broker.PullAsync("g", "Later", 0, 0)).SingleOrDefault()) is not null, "it is delivered");
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == 1, "and that is noted");

        await broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(epoch: 1, new PhysicalOffset(copy!.PhysicalOffset));

        broker.Host.Modules.Offsets.Delays.Get(1).Should().Be(0);
        File.ReadAllText(broker.Directory.File("store/config/delayOffset.json")).Should().Contain("1:0");
        Bodies(await broker.PullAsync("g", "Later", 0, 0)).Should().BeEmpty();
        await broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 2);
        await Eventually.TrueAsync(async () => Bodies(await broker.PullAsync("g", "Later", 0, 0)) is ["due"], "the message is not lost");
    }

    [Fact]
    public async Task DelayOffsets_FurtherThanTheCutQueue_EndWithIt()
    {
        using TempDirectory directory = new("delay-");
        DelayOffsetTable table = new(
            new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = directory.Path })), static () => new PhysicalOffset(long.MaxValue), static _ => Task.FromResult(WaitOutcome.Reached), new LinuxFileSystem(), TimeProvider.System);
        table.Set(1, 10);
        table.Set(2, 3);

        await table.CutAsync(new PhysicalOffset(100), static level => new ValueTask<QueueOffsets>(new QueueOffsets(0, level == 1 ? 4 : 5)));

        table.Get(1).Should().Be(4);
        table.Get(2).Should().Be(3);
    }

    private static PhysicalOffset OffsetOf(RemotingCommand answer) => new(long.Parse(answer.Get("msgId")![^16..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static string[] Bodies(RemotingCommand answer) => [.. Requests.Decode(answer).Select(static message => message.Body)];
}
