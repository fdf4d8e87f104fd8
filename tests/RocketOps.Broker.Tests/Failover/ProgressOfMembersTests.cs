using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Tests.Transactions;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Timers;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>
/// What a master has delivered and checked while the other copy in sync does not say that it has the result: it goes on, but notes nothing that the next master might have no copies of. And what it shows of such messages, now and when it leads no more.
/// </summary>
public sealed class ProgressOfMembersTests
{
    private static readonly string[] Two = ["a", "b"];

    [Fact]
    public async Task Notes_TheCopiesAreHereOnly_SayWhatWasBefore_AndTheRestOnceBothHaveThem()
    {
        await using ElectedMembers members = await StartAsync();
        TestBroker master = members["a"];
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
        await using Producer producer = await Producer.StartAsync(master, "pg");
        long before = master.Host.Modules.Host.Store.GetStats().MessagesAppended;
        Task<RemotingCommand>[] sending =
        [
            master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "delayed", properties: Requests.Properties(("DELAY", "1")))),
            master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "timer", properties: Requests.Properties(("UNIQ_KEY", "timer"), ("TIMER_DELAY_MS", "1")))),
            producer.SendHalfAsync(ElectedMembers.Topic, "half", DateTimeOffset.UtcNow),
        ];
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.GetStats().MessagesAppended == before + 3, "they are in the log");
        long end = await follower.AcknowledgeAsync();
        (await Task.WhenAll(sending)).Should().OnlyContain(static answer => answer.Code == ResponseCode.Success);

        await Eventually.TrueAsync(() => master.Host.Modules.Offsets.Delays.Get(1) == 1, "the delayed message is delivered");
        await Eventually.TrueAsync(() => master.Host.Modules.Transactions.State.Progress.Half > 0, "the half is put back");
        await Eventually.TrueAsync(() => IsUnkept(master.Host.Modules.Timers.Timers.Checkpoint, end), "the timer is delivered and that noted, with what holds without the copy");
        await master.Host.Modules.Offsets.Delays.PersistAsync();
        await master.Host.Modules.Offsets.Consumers.PersistAsync();
        DelaysIn(members).Should().Be(0);
        ChecksIn(members).Should().Be(0);
        (await ToldChecksAsync(master)).Should().Be(0);

        master.Host.Modules.Host.Settings.TryUpdate([new PropertyEntry("transactionCheckInterval", "3600000", default)]).Should().BeEmpty();
        await Eventually.TrueAsync(
            async () =>
            {
                // More than once: a round of checks may still put the half back.
                await follower.ReportAsync(master.Host.Modules.Replication.Slaves.Snapshot().Single().Sent);
                await master.Host.Modules.Offsets.Delays.PersistAsync();
                await master.Host.Modules.Offsets.Consumers.PersistAsync();
                return DelaysIn(members) == 1 && ChecksIn(members) > 0 && await ToldChecksAsync(master) > 0;
            },
            "what both have is noted");
    }

    /// <summary>A half is in this log, and this member does not know that all copies have it: the queue ends before it for whoever reads it. The master before had settled it: nothing is lost, and nothing is looked at again.</summary>
    [Fact]
    public async Task Begin_TheChecksHaveComeBehindWhatAllCopiesHave_GoesOnWhereTheyAre()
    {
        await using ElectedMembers members = await StartAsync(TransactionBench.Quiet);
        TestBroker master = members["a"];
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
        await using Producer producer = await Producer.StartAsync(master, "pg");
        long before = master.Host.Modules.Host.Store.GetStats().MessagesAppended;
        Task<RemotingCommand> sending = producer.SendHalfAsync(ElectedMembers.Topic, "half", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.GetStats().MessagesAppended > before, "it is in the log");
        master.Host.Modules.Transactions.State.Progress.Follow(half: 1, op: 0, master.Host.Modules.Host.Store.Positions.Appended);
        (await TransactionBench.EndAsync(master, TransactionBench.HalfTopic)).Should().Be(0);

        await master.Host.Modules.Transactions.State.Progress.BeginAsync(CancellationToken.None);

        master.Host.Modules.Transactions.State.Progress.Half.Should().Be(1);
        await follower.AcknowledgeAsync();
        (await sending).Code.Should().Be(ResponseCode.Success);
    }

    /// <summary>A message that the next master may not have: by its place in the queue, and for a consumer that is to get it at once. Members who compare their logs find it.</summary>
    [Fact]
    public async Task Read_WhatOneCopyHas_NeitherFromTheMasterNorFromWhoWasIt()
    {
        await using ElectedMembers members = await StartAsync();
        TestBroker master = members["a"];
        await using FakeFollower follower = await FakeFollower.InSyncAsync(members, master);
        long offset = master.Host.Modules.Host.Store.Positions.Appended.Value;
        Task<RemotingCommand> sending = master.InvokeAsync(Requests.Send(ElectedMembers.Topic, "unconfirmed"));
        await Eventually.TrueAsync(() => master.Host.Modules.Host.Store.Positions.Appended.Value > offset, "it is in the log");

        await IsHiddenAsync(master, offset);
        await members.EditAsync(static lease => lease with { Epoch = lease.Epoch + 1, Holder = "b", HolderAddress = "127.0.0.1:1" });
        await Eventually.TrueAsync(() => !ElectedMembers.MemberOf(master).Standing.Leads, "it has heard of another master");
        (await sending).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        await IsHiddenAsync(master, offset);
    }

    /// <summary>A message that is due by the time it is seen is delivered at once; any other one goes into a slot.</summary>
    private static bool IsUnkept(TimerCheckpoint? noted, long end) =>
        noted is { QueueOffset: 1, Unkept: { } unkept } && unkept.RestsOn > end && (unkept.QueueOffset == 0 || (unkept.ReadMs > 0 && unkept.ReadMs < noted.ReadMs));

    private static async Task IsHiddenAsync(TestBroker broker, long offset)
    {
        (await BrokerGroup.ReadAsync(broker, ElectedMembers.Topic)).Should().Equal("one");
        RemotingCommand direct = await broker.InvokeAsync(
            RemotingCommand.CreateRequest(RequestCode.ConsumeMessageDirectly).Set("consumerGroup", "g").Set("clientId", "c").Set("msgId", $"7F00000100002A9F{offset:X16}"));
        direct.Code.Should().Be(ResponseCode.SystemError);
        direct.Remark.Should().Contain($"look message by offset failed, {offset}");
        (await ViewAsync(broker, offset)).Code.Should().Be(ResponseCode.Success);
        RemotingCommand max = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetMaxOffset).Set("topic", ElectedMembers.Topic).Set("queueId", 0));
        max.Get("offset").Should().Be("1");
    }

    private static Task<RemotingCommand> ViewAsync(TestBroker broker, long offset) => broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.ViewMessageById).Set("offset", offset));

    /// <summary>Member a leads, and the other one is away.</summary>
    private static async Task<ElectedMembers> StartAsync(Dictionary<string, string>? checks = null)
    {
        ElectedMembers members = await ElectedMembers.StartAsync(
            Two,
            [
                ("minInSyncReplicas", "2"), ("messageDelayLevel", "0s 2h"), ("timerPrecisionMs", "100"), ("timerFlushIntervalMs", "50"),
                .. (checks ?? TransactionBench.Curious).Select(static setting => (setting.Key, setting.Value)),
            ]);
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        if (members.NameOf(await members.MasterAsync()) != "a")
        {
            await members.EditAsync(static lease => lease with { HandOverTo = "a" });
            await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members["a"]).Standing.TakesMessages, "a leads");
            await members.InSyncAsync(Two);
        }

        await members.StopAsync("b");
        return members;
    }

    private static long DelaysIn(ElectedMembers members) =>
        BrokerJson.Read(File.ReadAllBytes(Path.Combine(members.StoreOf("a"), "config", "delayOffset.json")), OffsetJson.Default.DelayOffsetFile).Offsets![1];

    private static long ChecksIn(ElectedMembers members) => ChecksIn(File.ReadAllBytes(Path.Combine(members.StoreOf("a"), "config", "consumerOffset.json")));

    private static async Task<long> ToldChecksAsync(TestBroker master) => ChecksIn((await master.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllConsumerOffset))).Body.Span);

    private static long ChecksIn(ReadOnlySpan<byte> table) => BrokerJson.Read(table, OffsetJson.Default.OffsetTableFile).Offsets!["RMQ_SYS_TRANS_HALF_TOPIC@CID_RMQ_SYS_TRANS"][0];
}
