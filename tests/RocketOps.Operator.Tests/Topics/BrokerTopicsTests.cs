using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Topics;

public sealed class BrokerTopicsTests
{
    private const string Address = "10.0.0.1:10911";
    private static readonly GroupMaster Master = new("a-0", Address);

    private readonly FakeAdmin _admin = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Sync_NewTopic_OneWrite()
    {
        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(8, 8, 6, "NORMAL"));

        outcome.Should().BeEquivalentTo(new { Written = true, Pending = (Problem?)null, Problem = (Problem?)null });
        _admin.Writes.Should().Equal($"{Address} T 8/8 6");
    }

    [Fact]
    public async Task Sync_Converged_NoWrite()
    {
        await ConvergeAsync(new TopicSettings(8, 8, 6, "FIFO"));
        _admin.Writes.Clear();

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(8, 8, 6, "FIFO"));

        outcome.Written.Should().BeFalse();
        _admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Sync_Grow_ProducersAfterConsumersHaveNoticed()
    {
        TopicSettings wanted = new(8, 8, 6, "NORMAL");
        TopicOutcome made = await ConvergeAsync(new TopicSettings(4, 4, 6, "NORMAL"));
        _admin.Writes.Clear();

        TopicOutcome opened = await ConvergeAsync(wanted, made);
        opened.Found.Should().Be(wanted with { WriteQueues = 4 });
        opened.DrainingSince.Should().Be(_time.GetUtcNow());
        opened.Pending.Should().Be(new Problem(Reasons.Updating, "Queues 4 and above are open to consumers, and to producers when all consumers have noticed."));

        _time.Advance(TimeSpan.FromSeconds(59));
        TopicOutcome early = await ConvergeAsync(wanted, opened);
        early.DrainingSince.Should().Be(opened.DrainingSince, "a wait keeps its beginning");
        _admin.Writes.Should().Equal($"{Address} T 8/4 6");

        _time.Advance(TimeSpan.FromSeconds(1));
        TopicOutcome done = await ConvergeAsync(wanted, early);
        done.Should().BeEquivalentTo(new { Found = wanted, Pending = (Problem?)null, DrainingSince = (DateTimeOffset?)null });
        _admin.Writes.Should().Equal($"{Address} T 8/4 6", $"{Address} T 8/8 6");
    }

    /// <summary>The pass that opened the queues to consumers could not note when.</summary>
    [Fact]
    public async Task Sync_GrowAndTheStatusIsLost_WaitsFromThenOn()
    {
        TopicSettings wanted = new(8, 8, 6, "NORMAL");
        TopicOutcome made = await ConvergeAsync(new TopicSettings(4, 4, 6, "NORMAL"));
        await ConvergeAsync(wanted, made);
        _admin.Writes.Clear();

        TopicOutcome again = await ConvergeAsync(wanted, made);

        again.DrainingSince.Should().Be(_time.GetUtcNow());
        _admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Sync_WriteQueuesDrifted_PutBackAtOnce()
    {
        TopicSettings wanted = new(8, 8, 6, "NORMAL");
        TopicOutcome made = await ConvergeAsync(wanted);
        _admin.Put(Address, _admin.Topic(Address, "T")! with { WriteQueues = 2 });

        (await ConvergeAsync(wanted, made)).Found.Should().Be(wanted, "consumers know these queues");
    }

    [Fact]
    public async Task Sync_ShrinkWithUnreadMessages_KeepsReadQueuesUntilConsumed()
    {
        TopicSettings wanted = new(1, 1, 6, "NORMAL");
        await ConvergeAsync(new TopicSettings(2, 2, 6, "NORMAL"));
        _admin.Writes.Clear();
        SetOffsets(queue0: 5, queue1: 7, consumed1: 6);

        TopicOutcome closed = await ConvergeAsync(wanted);
        closed.DrainingSince.Should().Be(_time.GetUtcNow());
        _admin.Writes.Should().Equal([$"{Address} T 2/1 6"], "producers leave first");

        TopicOutcome early = await ConvergeAsync(wanted, closed);
        early.Pending!.Message.Should().Contain("producers");

        _time.Advance(TimeSpan.FromMinutes(2));
        TopicOutcome blocked = await ConvergeAsync(wanted, early);
        blocked.Pending!.Message.Should().Be("Queues 1 and above wait for group G, 1 message behind in queue 1 of a-0.");
        blocked.DrainingSince.Should().Be(closed.DrainingSince, "a wait keeps its beginning");

        SetOffsets(queue0: 5, queue1: 7, consumed1: 7);
        TopicOutcome done = await ConvergeAsync(wanted, blocked);
        done.Should().BeEquivalentTo(new { Found = wanted, Pending = (Problem?)null, DrainingSince = (DateTimeOffset?)null });
        _admin.Writes.Should().Equal($"{Address} T 2/1 6", $"{Address} T 1/1 6");
    }

    [Fact]
    public async Task Sync_ShrinkAndBrokerHidesQueue_NotTakenForDrained()
    {
        await ConvergeAsync(new TopicSettings(2, 2, 6, "NORMAL"));
        TopicOutcome closed = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"));
        _time.Advance(TimeSpan.FromMinutes(2));
        _admin.Stats[(Address, "T")] = new TopicStats { Queues = new Dictionary<MessageQueue, QueueOffsets> { [new("T", "a-0", 0)] = new() } };

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);

        outcome.Found!.ReadQueues.Should().Be(2);
        outcome.Pending!.Reason.Should().Be(Reasons.DrainingQueues);
    }

    [Fact]
    public async Task Sync_PermissionDrifted_PutBackAndOtherSettingsKept()
    {
        _admin.Put(Address, new TopicConfig { Name = "T", ReadQueues = 8, WriteQueues = 8, Permission = Client.TopicPermission.Read, Order = true, FilterType = "MULTI_TAG" });

        await ConvergeAsync(new TopicSettings(8, 8, 6, "NORMAL"));

        _admin.Topic(Address, "T").Should().BeEquivalentTo(new { Permission = Client.TopicPermission.ReadWrite, Order = false, FilterType = "MULTI_TAG" });
    }

    [Fact]
    public async Task Sync_BrokerKeepsNothing_SaysSoInsteadOfWritingForEver()
    {
        _admin.Forgetful = true;

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(8, 8, 6, "NORMAL"));

        outcome.Problem!.Reason.Should().Be(Reasons.Refused);
        _admin.Writes.Should().HaveCount(1);
    }

    [Fact]
    public async Task Sync_ShrinkWithDelayedMessages_WaitsForTheLastOfThem()
    {
        TopicOutcome closed = await CloseAsync();
        _admin.Pending[(Address, "T")] = new PendingMessages
        {
            Complete = true,
            Queues =
            [
                new PendingQueue { Kind = "Delayed", QueueId = 0, Count = 7, LastDueTimestampMs = 1_900_000_000_000 },
                new PendingQueue { Kind = "Half", QueueId = 1, Count = 1 },
                new PendingQueue { Kind = "Delayed", QueueId = 1, Count = 1_024, LastDueTimestampMs = 1_800_000_000_000 },
            ],
        };

        TopicOutcome blocked = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);
        blocked.Pending!.Message.Should().Be("Queues 1 and above wait for 1 024 delayed messages for queue 1 of a-0, the last due at 2027-01-15T08:00:00Z.");
        blocked.Found!.ReadQueues.Should().Be(2);

        _admin.Pending[(Address, "T")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Delayed", QueueId = 0, Count = 7, LastDueTimestampMs = 1 }] };
        (await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), blocked)).Found!.ReadQueues.Should().Be(1, "messages for queues that stay do not matter");
    }

    [Fact]
    public async Task Sync_ShrinkAndBrokerStillLooks_Waits()
    {
        TopicOutcome closed = await CloseAsync();
        _admin.Pending[(Address, "T")] = new PendingMessages { Complete = false, Unread = 1_200_000 };

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);

        outcome.Found!.ReadQueues.Should().Be(2);
        outcome.Pending!.Message.Should().Contain("still looking through 1 200 000");
    }

    [Fact]
    public async Task Sync_ShrinkOnABrokerThatCannotTell_WaitsAndSaysSo()
    {
        TopicOutcome closed = await CloseAsync();
        _admin.IsApache = true;

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);

        outcome.Found!.ReadQueues.Should().Be(2);
        outcome.Pending!.Message.Should().Contain("a-0, which cannot tell");
    }

    [Fact]
    public async Task Sync_DeliveredWhileItIsAsked_NotTakenForDrained()
    {
        TopicOutcome closed = await CloseAsync();
        _admin.Fault = request =>
        {
            if (request == nameof(IRocketMqAdmin.GetPendingMessagesAsync))
            {
                SetOffsets(queue0: 0, queue1: 1, consumed1: 0);
            }
        };

        TopicOutcome outcome = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);

        outcome.Found!.ReadQueues.Should().Be(2);
        outcome.Pending!.Message.Should().Contain("just arrived");
    }

    [Fact]
    public async Task Sync_ShrinkTakenBackInTheMiddle_GivesTheQueuesBack()
    {
        TopicOutcome closed = await CloseAsync();
        _admin.Pending[(Address, "T")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Timer", QueueId = 1, Count = 1 }] };
        TopicOutcome blocked = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"), closed);

        TopicOutcome back = await ConvergeAsync(new TopicSettings(2, 2, 6, "NORMAL"), blocked);

        back.Should().BeEquivalentTo(new { Found = new TopicSettings(2, 2, 6, "NORMAL"), DrainingSince = (DateTimeOffset?)null, Pending = (Problem?)null });
        _admin.Writes.Should().Equal($"{Address} T 2/2 6", $"{Address} T 2/1 6", $"{Address} T 2/2 6");
    }

    /// <summary>A topic of two queues, the second of which is empty and closed to producers for long enough.</summary>
    private async Task<TopicOutcome> CloseAsync()
    {
        await ConvergeAsync(new TopicSettings(2, 2, 6, "NORMAL"));
        SetOffsets(queue0: 0, queue1: 0, consumed1: 0);
        TopicOutcome closed = await ConvergeAsync(new TopicSettings(1, 1, 6, "NORMAL"));
        _time.Advance(TimeSpan.FromMinutes(2));
        return closed;
    }

    private Task<TopicOutcome> ConvergeAsync(TopicSettings wanted, TopicOutcome? last = null)
    {
        TopicBrokerStatus? status = last is null ? null : new TopicBrokerStatus
        {
            Name = last.Broker,
            ReadQueues = last.Found?.ReadQueues ?? 0,
            WriteQueues = last.Found?.WriteQueues ?? 0,
            DrainingSince = last.DrainingSince,
        };
        OperatorOptions options = new();
        MasterCalls calls = new(options, _time);
        return new BrokerTopics(calls, new TopicDrain(new DrainCheck(calls, options, _time), options, _time), options, _time)
            .ConvergeAsync(_admin, Master, "uid", "T", wanted, status, CancellationToken.None);
    }

    private void SetOffsets(long queue0, long queue1, long consumed1)
    {
        MessageQueue first = new("T", "a-0", 0);
        MessageQueue second = new("T", "a-0", 1);
        _admin.Stats[(Address, "T")] = new TopicStats
        {
            Queues = new Dictionary<MessageQueue, QueueOffsets> { [first] = new() { MaxOffset = queue0 }, [second] = new() { MaxOffset = queue1 } },
        };
        _admin.Groups["G"] = new ConsumeStats
        {
            Queues = new Dictionary<MessageQueue, ConsumerQueueOffsets> { [second] = new() { BrokerOffset = queue1, ConsumerOffset = consumed1 } },
        };
    }
}
