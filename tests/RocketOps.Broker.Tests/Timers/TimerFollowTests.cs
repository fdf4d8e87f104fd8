using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Timers;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Timers;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Timers;

/// <summary>A broker that was the master, followed another one for a while and is the master again: it goes on where that one was.</summary>
public sealed class TimerFollowTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Follow_MasterDeliveredSome_TheyDoNotComeAgainAndTheOthersCome()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        long begun = time.NowMs;
        await broker.SendAsync("delivered there", 5_000);
        await broker.SendAsync("waits", 20_000);
        await broker.UntilTakenAsync(2);

        await SlaveAsync(broker, 1);
        await FollowAsync(broker, readMs: begun + 10_000);
        time.Advance(12 * Second);
        await MasterAsync(broker, 2);

        time.Advance(10 * Second);
        await broker.UntilReceivedAsync("waits");
        (await broker.BodiesAsync()).Should().Equal("waits");
    }

    /// <summary>A broker that never was the master has no wheel: it is made from the topic, without what was delivered.</summary>
    [Fact]
    public async Task Follow_NothingTakenYet_OnlyWhatWaitsComes()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("timerStopEnqueue", "true"));
        long begun = time.NowMs;
        await broker.SendAsync("delivered there", 5_000);
        await broker.SendAsync("waits", 20_000);

        await SlaveAsync(broker, 1);
        await FollowAsync(broker, readMs: begun + 10_000, queueOffset: 2);
        broker.Broker.Host.Modules.Host.Settings.TryUpdate([new PropertyEntry("timerStopEnqueue", "false", default)]).Should().BeEmpty();
        time.Advance(12 * Second);
        await MasterAsync(broker, 2);

        await broker.UntilTakenAsync(2);
        time.Advance(10 * Second);
        await broker.UntilReceivedAsync("waits");
        (await broker.BodiesAsync()).Should().Equal("waits");
    }

    /// <summary>It reads the topic when messages are due already, and what takes one of them back lies behind it: in the same block of the topic, or in another.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1_100)]
    public async Task Follow_NothingTakenYet_WhatWasTakenBackDoesNotCome(int between)
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("timerStopEnqueue", "true"));
        long begun = time.NowMs;
        await broker.SendAsync("gone", 5_000);
        for (int i = 0; i < between; i++)
        {
            await broker.SendAsync("far away", 3_600_000);
        }

        await broker.SendAsync("deletion", 5_000, ("TIMER_DEL_UNIQKEY", "Kgone"));
        await broker.SendAsync("kept", 6_000);

        await SlaveAsync(broker, 1);
        await FollowAsync(broker, readMs: begun);
        broker.Broker.Host.Modules.Host.Settings.TryUpdate([new PropertyEntry("timerStopEnqueue", "false", default)]).Should().BeEmpty();
        time.Advance(12 * Second);
        await MasterAsync(broker, 2);

        await broker.UntilReceivedAsync("kept");
        (await broker.BodiesAsync()).Should().Equal("kept");
    }

    /// <summary>What this broker delivered as a master that was cut off counts for nothing, when the group's log does not have it.</summary>
    [Fact]
    public async Task Follow_MasterIsBehind_WhatWasDeliveredHereComesAgain()
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time);
        long begun = time.NowMs;
        await broker.SendAsync("twice", 5_000);
        await broker.SendAsync("once", 20_000);
        await broker.UntilTakenAsync(2);
        time.Advance(7 * Second);
        await broker.UntilReceivedAsync("twice");

        await SlaveAsync(broker, 1);
        await FollowAsync(broker, readMs: begun);
        await MasterAsync(broker, 2);

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(1));
                return (await broker.BodiesAsync()).Count == 2;
            },
            "it is delivered again");
        time.Advance(15 * Second);
        await broker.UntilReceivedAsync("once");
        (await broker.BodiesAsync()).Should().Equal("twice", "twice", "once");
    }

    /// <summary>What a member had delivered was on its disk alone, as it noted, and the next master has other messages there: all of it comes again, also what was due when it was sent and is in no slot.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cut_AfterARestart_WhatRestedOnIt_ComesAgain(bool isUnkept)
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new();
        long begun = time.NowMs;
        PhysicalOffset cut;
        await using (TimerBroker broker = await TimerBroker.StartAsync(files, time, ("timerStopEnqueue", "true")))
        {
            await broker.SendAsync("due at once", 1);
            await broker.SendAsync("in a slot", 5_000);
            time.Advance(2 * Second);
            cut = broker.Broker.Host.Modules.Host.Store.Positions.Appended;
            broker.Broker.Host.Modules.Host.Settings.TryUpdate([new PropertyEntry("timerStopEnqueue", "false", default)]).Should().BeEmpty();
            await Eventually.TrueAsync(
                () =>
                {
                    // Whoever has just seen that nothing is to be taken looks again when its timer fires.
                    time.Advance(TimeSpan.FromMilliseconds(100));
                    return broker.Broker.Host.Modules.Timers.Timers is { QueueOffset: 2, IsWritten: true };
                },
                "both are taken");
            time.Advance(7 * Second);
            await broker.UntilReceivedAsync("due at once", "in a slot");
        }

        TimerCheckpointFile file = new(files, TimerBroker.Root);
        TimerCheckpoint noted = file.Read()!;
        noted.QueueOffset.Should().Be(2);
        noted.Unkept.Should().BeNull("nobody else leads this broker's group");
        if (isUnkept)
        {
            file.Write(noted with { Unkept = new TimerUnkept(cut.Value + 1, begun, 0, 0) });
        }

        await using TimerBroker next = await TimerBroker.StartAsync(files, time);
        await next.Broker.Host.Modules.Roles.Roles.StepDownAndCutAsync(1, cut);
        await MasterAsync(next, 2);

        // What is sent now is delivered after all that was before it.
        await next.SendAsync("next", 1);
        time.Advance(2 * Second);
        await next.UntilReceivedAsync(isUnkept ? ["due at once", "in a slot", "next"] : ["next"]);
        (await next.BodiesAsync()).Should().HaveCount(isUnkept ? 3 : 1);
    }

    /// <summary>What a master called delivered that this broker followed, with copies that are cut off here: its messages come again, whether they were followed with it or before.</summary>
    [Theory]
    [InlineData(5_000, 0, 1)]
    [InlineData(5_000, 0, 0)]
    [InlineData(1, 5_000, 0)]
    public async Task Cut_WhatAMasterHadDelivered_ComesAgain(long delayMs, long keptMs, long takenBefore)
    {
        FakeTimeProvider time = new();
        await using TimerBroker broker = await TimerBroker.StartAsync(new MemoryFileSystem(), time, ("timerStopEnqueue", "true"));
        long begun = time.NowMs;
        await broker.SendAsync("delivered there", delayMs);
        PhysicalOffset cut = broker.Broker.Host.Modules.Host.Store.Positions.Appended;
        await broker.Broker.SendAsync("Other", "stands for the copy");

        await SlaveAsync(broker, 1);
        TimerTable timers = broker.Broker.Host.Modules.Timers.Timers;
        await timers.FollowAsync(new TimerCheckpoint(begun + keptMs, 0, takenBefore, 0, 9, 9, IsOwn: false), cut);
        await FollowAsync(broker, readMs: begun + 10_000, queueOffset: 1);
        await broker.Broker.Host.Modules.Roles.Roles.CutAsFollowerAsync(cut);
        broker.Broker.Host.Modules.Host.Settings.TryUpdate([new PropertyEntry("timerStopEnqueue", "false", default)]).Should().BeEmpty();
        await MasterAsync(broker, 2);

        time.Advance(12 * Second);
        await broker.UntilReceivedAsync("delivered there");
    }

    private static Task SlaveAsync(TimerBroker broker, long epoch) => broker.Broker.Host.Modules.Roles.Roles.StepDownAsync(epoch);

    private static Task MasterAsync(TimerBroker broker, long epoch) => broker.Broker.Host.Modules.Roles.Roles.TakeOverAsync(epoch);

    private static Task FollowAsync(TimerBroker broker, long readMs, long queueOffset = 2) =>
        broker.Broker.Host.Modules.Timers.Timers.FollowAsync(new TimerCheckpoint(readMs, 0, queueOffset, 0, 9, 9, IsOwn: false), broker.Broker.Host.Modules.Host.Store.Positions.Appended);
}
