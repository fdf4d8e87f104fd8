using System.Text;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Time;
using static RocketOps.Broker.Tests.StaticTopics.StaticTopicBench;

namespace RocketOps.Broker.Tests.StaticTopics;

/// <summary>Expired stretches: when the sweep takes them out of a mapping, and what becomes of messages that still wait for their queue.</summary>
public sealed class StaticTopicExpiryTests
{
    [Fact]
    public async Task Sweep_AStretchWithMessages_Stays_AndAnExpiredOneLeavesTheMapping()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync();
        await brokers.B.CreateTopicAsync(Topic, queues: 2);
        await brokers.B.SendAsync(Topic, "old");
        string kept = $"0:[{StaticTopicRows.Item("broker-b", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";
        string expired = $"1:[{StaticTopicRows.Item("broker-b", 0, 1, 0)},{StaticTopicRows.Item("broker-a", 1, 1, 50)}]";
        await MakeAsync(brokers.ToA, "broker-a", $"{kept},{expired}", queues: 2);

        await brokers.A.Host.Modules.Roles.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);
        RawFrame min = await brokers.ToA.RequestAsync(31, RawFields.Queue(Topic, 1));
        RemotingCommand before = await brokers.A.PullAsync("g", Topic, 1, 3, sysFlag: 4, subscription: "*");

        SortedDictionary<int, List<LogicQueueMappingItem>> queues = brokers.A.Host.Modules.Statics.Mappings.Find(Topic)!.Queues!;
        queues[0].Should().HaveCount(2);
        queues[1].Should().ContainSingle().Which.LogicOffset.Should().Be(50);
        min.ExtFields["offset"].Should().Be("50");
        (before.Code, before.Get("nextBeginOffset")).Should().Be((ResponseCode.PullOffsetMoved, "50"), "who reads from before it goes on behind it");
        (await RawBroker.SendAsync(brokers.ToA, Topic, 1, "new"u8.ToArray())).ExtFields["queueOffset"].Should().Be("50");
    }

    [Fact]
    public async Task Sweep_ABrokerThatIsAway_OrAnUndecidedSuccessor_ChangesNothing()
    {
        await using StaticTopicBrokers brokers = await StaticTopicBrokers.StartAsync(onlyA: true);
        string away = $"0:[{StaticTopicRows.Item("broker-away", 0, 0, 0)},{StaticTopicRows.Item("broker-a", 1, 0, 100)}]";
        string undecided = $"1:[{StaticTopicRows.Item("broker-a", 0, 1, 0)},{StaticTopicRows.Item("broker-a", 1, 2, -1)}]";
        await MakeAsync(brokers.ToA, "broker-a", $"{away},{undecided}", queues: 3);

        await brokers.A.Host.Modules.Roles.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);

        brokers.A.Host.Modules.Statics.Mappings.Find(Topic)!.Queues!.Values.Should().OnlyContain(static items => items.Count == 2);
    }

    /// <summary>Two stretches are empty; each look takes one.</summary>
    [Fact]
    public async Task Sweep_OfAMaster_ComesEveryTenMinutes()
    {
        TimeSpan interval = TimeSpan.FromMinutes(10);
        FakeTimeProvider time = new();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storePathRootDir"] = "/store" }, fileSystem: new MemoryFileSystem(), time: time);
        await RemapAsync(broker, Epoch, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}]");
        await RemapAsync(
            broker, Epoch + 1, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 0)},{StaticTopicRows.Item("broker-a", 1, 1, 100, endOffset: 0)},{StaticTopicRows.Item("broker-a", 2, 2, 200)}]");

        for (int left = 2; left > 0; left--)
        {
            await Eventually.TrueAsync(() => time.HasTimerIn(interval), "it waits for the next look");
            time.Advance(interval - TimeSpan.FromMilliseconds(1));
            Stretches().Should().Be(left + 1);
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Eventually.TrueAsync(() => Stretches() == left, "the first one is taken out");
        }

        int Stretches() => broker.Host.Modules.Statics.Mappings.Find(Topic)!.Queues![0].Count;
    }

    /// <summary>Queue 0 moves to another queue of this broker, queue 1 to another broker, while messages of both wait. The stretch that they find their way by is empty; it leaves the mapping when they are delivered, though no message comes that would make the timers go on.</summary>
    [Theory]
    [InlineData("DELAY", "1")]
    [InlineData("TIMER_DELAY_MS", "5000")]
    public async Task Deliver_RemappedWhileItWaited_GoesWhereItsQueueIsNow_OrIsKept(string property, string value)
    {
        FakeTimeProvider time = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["storePathRootDir"] = "/store", ["messageDelayLevel"] = "5s" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), time: time);
        await RemapAsync(broker, Epoch, $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0)}],1:[{StaticTopicRows.Item("broker-a", 0, 1, 0)}]");
        await broker.SendAsync(Topic, "stays", queueId: 0, Requests.Properties((property, value)));
        await broker.SendAsync(Topic, "goes", queueId: 1, Requests.Properties((property, value)));
        await using Producer producer = await Producer.StartAsync(broker, "pg");
        RemotingCommand here = await producer.SendHalfAsync(Topic, "half here", time.GetUtcNow(), queueId: 0);
        RemotingCommand elsewhere = await producer.SendHalfAsync(Topic, "half elsewhere", time.GetUtcNow(), queueId: 1);
        await RemapAsync(
            broker,
            Epoch + 1,
            $"0:[{StaticTopicRows.Item("broker-a", 0, 0, 0, endOffset: 0)},{StaticTopicRows.Item("broker-a", 1, 2, 100)}],1:[{StaticTopicRows.Item("broker-a", 0, 1, 0, endOffset: 0)},{StaticTopicRows.Item("broker-b", 1, 0, 100)}]");

        await SweepAsync();
        Stretches().Should().Be(2, "messages wait for the first one");
        RemotingCommand committed = await producer.CommitAsync(here);
        RemotingCommand refused = await producer.CommitAsync(elsewhere);

        committed.Code.Should().Be(ResponseCode.Success, committed.Remark);
        (refused.Code, refused.Remark).Should().Be((ResponseCode.NotLeaderForQueue, "Static-1 does not exit in request process of current broker broker-a"));
        IReadOnlyList<Requests.Received> delivered = [];
        IReadOnlyList<Requests.Received> kept = [];
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                delivered = Requests.Decode(await broker.PullAsync("g", Topic, 0, 100, sysFlag: 4, subscription: "*"));
                kept = Requests.Decode(await broker.PullAsync("g", "rmq_sys_undeliverable", 0, 0, sysFlag: 4, subscription: "*"));
                return delivered.Count == 2 && kept.Count > 0;
            },
            "a consumer of the logical queue gets the committed message and the delayed one, and what cannot be delivered here is kept");
        delivered.Select(static message => (message.Body, message.QueueId)).Should().Equal(("half here", 2), ("stays", 2));
        kept.Should().ContainSingle().Which.Body.Should().Be("goes");
        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                await SweepAsync();
                return Stretches() == 1;
            },
            "nothing waits for the first stretch any more");

        Task SweepAsync() => broker.Host.Modules.Roles.Roles.Session!.Stretches.SweepAsync(CancellationToken.None);

        int Stretches() => broker.Host.Modules.Statics.Mappings.Find(Topic)!.Queues![0].Count;
    }

    private static async Task RemapAsync(TestBroker broker, long epoch, string queues)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateStaticTopic)
            .Set("topic", Topic).Set("readQueueNums", 3).Set("writeQueueNums", 3).Set("perm", 6).Set("topicFilterType", "SINGLE_TAG");
        request.Body = Encoding.UTF8.GetBytes(StaticTopicRows.Mapping(Topic, "broker-a", epoch, 2, queues));
        RemotingCommand answer = await broker.InvokeAsync(request);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }
}
