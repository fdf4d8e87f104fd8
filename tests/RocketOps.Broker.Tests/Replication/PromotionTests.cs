using System.Globalization;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication;

/// <summary>What waits for its time when the master is gone and the slave takes its place: nothing is lost, and what the master had delivered does not come again.</summary>
public sealed class PromotionTests
{
    private const string Topic = "Later";

    [Fact]
    public async Task Promote_SomeDeliveredAndSomeWaiting_EachComesOnce()
    {
        MovedTime time = new();
        await using BrokerGroup group = await StartAsync(time);
        await SendTimerAsync(group, "delivered", 1);
        await SendTimerAsync(group, "waiting", 7_200_000);
        await SendDelayedAsync(group, "delivered level", 1);
        await SendDelayedAsync(group, "waiting level", 2);
        await Eventually.TrueAsync(async () => (await BrokerGroup.ReadAsync(group.Master, Topic)).Count == 2, "the master delivers what is due");
        await FollowedAsync(group);

        await group.StopMasterAsync();
        await group.Slave.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 1);
        await Eventually.TrueAsync(() => group.Slave.Host.Modules.Timers.Timers.QueueOffset == 2, "the new master has taken the timers");
        time.Set(TimeSpan.FromHours(3));
        await Eventually.TrueAsync(async () => (await BrokerGroup.ReadAsync(group.Slave, Topic)).Count >= 4, "the new master delivers the rest");

        (await BrokerGroup.ReadAsync(group.Slave, Topic)).Should().BeEquivalentTo("delivered", "delivered level", "waiting", "waiting level");
    }

    /// <summary>Its master was lost between a topic's first message and the slave's question for the topic.</summary>
    [Fact]
    public async Task Promote_TopicIsMissing_MadeAgainItHasItsMessages()
    {
        await using BrokerGroup group = await BrokerGroup.StartAsync();
        await group.StopSlaveAsync();
        await group.Master.CreateTopicAsync("New");
        await group.Master.SendAsync("New", "first");

        // Without name servers it learns of no tables.
        await group.StartSlaveAsync(new(StringComparer.Ordinal) { ["namesrvAddr"] = "", ["haMasterAddress"] = $"127.0.0.1:{group.Master.Host.Modules.Replication.Listener.Port}" });
        await Eventually.TrueAsync(() => group.SlaveEnd == group.MasterEnd, "the slave has the message");
        await group.StopMasterAsync();
        await group.Slave.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 1);
        group.Slave.Host.Modules.Topics.Topics.TryGet("New", out _).Should().BeFalse();

        await group.Slave.CreateTopicAsync("New");

        (await BrokerGroup.ReadAsync(group.Slave, "New")).Should().Equal("first");
        await group.Slave.SendAsync("New", "second");
        (await BrokerGroup.ReadAsync(group.Slave, "New")).Should().Equal("first", "second");
    }

    /// <summary>What the master calls delivered is of no use without the copies: a slave that believed it would never deliver the messages.</summary>
    [Fact]
    public async Task Follow_CopiesAreNotHereYet_TheProgressIsNotTakenOver()
    {
        await using BrokerGroup group = await StartAsync(new MovedTime(), new(StringComparer.Ordinal) { ["haMasterAddress"] = "127.0.0.1:1" });
        await SendTimerAsync(group, "timer", 1);
        await SendDelayedAsync(group, "level", 1);
        await using Producer producer = await Producer.StartAsync(group.Master, "pg");
        await producer.SendHalfAsync(Topic, "half", DateTimeOffset.UtcNow);
        await Eventually.TrueAsync(
            async () => (await BrokerGroup.ReadAsync(group.Master, Topic)).Count == 2 && group.Master.Host.Modules.Timers.Timers.Checkpoint is not null && CheckedOf(group.Master) > 0, "the master delivers, asks and notes it");
        group.Master.Host.Modules.Offsets.Consumers.Commit(Topic, "g", 0, 2);

        // Two rounds: the second begins when the first has ended.
        for (int round = 0; round < 2; round++)
        {
            await group.Master.CreateTopicAsync($"Round{round}");
            await Eventually.TrueAsync(() => group.Slave.Host.Modules.Topics.Topics.Version == group.Master.Host.Modules.Topics.Topics.Version, "the slave asks its master");
        }

        group.Slave.Host.Modules.Offsets.Delays.Get(1).Should().Be(0);
        group.Slave.Host.Modules.Timers.Timers.Checkpoint.Should().BeNull();
        CheckedOf(group.Slave).Should().Be(-1, "what was put back is not here");
        group.Slave.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0).Should().Be(-1, "what the group has read is not here");
    }

    /// <summary>A half that its master had put back and asked about: the next one asks about it again, and consumers go on where they were.</summary>
    [Fact]
    public async Task Promote_AHalfIsOpen_TheNewMasterAsksAboutIt()
    {
        await using BrokerGroup group = await StartAsync(new MovedTime());
        await group.Master.SendAsync(Topic, "read");
        await using (Producer producer = await Producer.StartAsync(group.Master, "pg"))
        {
            await producer.SendHalfAsync(Topic, "half", DateTimeOffset.UtcNow);
            await Eventually.TrueAsync(() => producer.Questions.Count > 2, "the master asks");
        }

        group.Master.Host.Modules.Offsets.Consumers.Commit(Topic, "g", 0, 1);
        await group.InSyncAsync();
        await Eventually.TrueAsync(() => CheckedOf(group.Slave) > 0 && group.Slave.Host.Modules.Transactions.State.Progress.Half > 0 && group.Slave.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0) == 1, "the slave has followed");

        await group.StopMasterAsync();
        await group.Slave.Host.Modules.Roles.Roles.TakeOverAsync(epoch: 1);
        await using Producer next = await Producer.StartAsync(group.Slave, "pg");

        await Eventually.TrueAsync(() => !next.Questions.IsEmpty, "the new master asks");
        group.Slave.Host.Modules.Offsets.Consumers.Query(Topic, "g", 0).Should().Be(1);
    }

    private static long CheckedOf(TestBroker broker) => broker.Host.Modules.Offsets.Consumers.Query("RMQ_SYS_TRANS_HALF_TOPIC", "CID_RMQ_SYS_TRANS", 0);

    private static async Task<BrokerGroup> StartAsync(TimeProvider time, Dictionary<string, string>? slave = null)
    {
        // What is delivered is told as such when it is durable, which a few messages are in seconds only where nobody waits for it.
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["messageDelayLevel"] = "0s 2h", ["timerPrecisionMs"] = "100", ["timerFlushIntervalMs"] = "50", ["flushDiskType"] = "SYNC_FLUSH", ["transactionCheckInterval"] = "100", ["transactionTimeOut"] = "0", ["transactionCheckMax"] = "1000000" };
        BrokerGroup group = await BrokerGroup.StartAsync(settings, new(settings.Concat(slave ?? []), StringComparer.Ordinal), time);
        await group.Master.CreateTopicAsync(Topic);
        return group;
    }

    /// <summary>The slave's log is the master's, and it knows that the slot of the first timer is delivered.</summary>
    private static async Task FollowedAsync(BrokerGroup group)
    {
        await group.InSyncAsync();
        RemotingCommand answer = await BrokerGroup.PullAsync(group.Master, Topic, 0, 0);
        long slot = Requests.Decode(answer).Where(static message => message.Body == "delivered").Select(static message => long.Parse(message.Properties.Get("TIMER_OUT_MS")!, CultureInfo.InvariantCulture)).Single();
        await Eventually.TrueAsync(
            () => group.Slave.Host.Modules.Timers.Timers.Checkpoint is { MasterQueueOffset: 2 } followed && followed.ReadMs > slot && group.Slave.Host.Modules.Offsets.Delays.Get(1) == 1, "the slave has followed");
    }

    private static Task<RemotingCommand> SendTimerAsync(BrokerGroup group, string body, long delayMs) => group.Master.SendAsync(
        Topic, body, properties: Requests.Properties(("UNIQ_KEY", body), ("TIMER_DELAY_MS", delayMs.ToString(CultureInfo.InvariantCulture))));

    private static Task<RemotingCommand> SendDelayedAsync(BrokerGroup group, string body, int level) => group.Master.SendAsync(
        Topic, body, properties: Requests.Properties(("DELAY", level.ToString(CultureInfo.InvariantCulture))));
}
