using System.Globalization;
using System.Text;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Messages;

/// <summary>
/// A store changes hands between our broker and Apache's with everything that is under way in it: halves that are open, committed and rolled back, a message that waits for
/// its delay and one that waits for its retry; between brokers that know timers one that waits for its time, one that was recalled and one that was delivered. The other broker goes
/// on where the first one stopped.
/// </summary>
public sealed class StoreHandOverTests
{
    private const string Ours = "rocketops";
    private const string HalfOps = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
    private const int LongLevel = 2;
    private const int QueryConsumerOffset = 14;
    private const int GetTimerMetrics = 61;

    // Three messages and the note that one of them is recalled.
    private const int Timers = 4;

    private static readonly TimeSpan TimerDelay = TimeSpan.FromSeconds(30);

    // It is put back unasked in each round, which Apache's brokers remember by a property of the copy; nobody asks about it while the test runs.
    private const string NotToBeAskedAbout = "CHECK_IMMUNITY_TIME_IN_SECONDS=3600";

    // Deep: starts a broker of Apache's for each row. ApacheSessionTests hands over what is under way from each version to ours with the broker it has started anyway.
    [Trait("ring", "deep")]
    [SkippableTheory]
    [InlineData(ApacheServer.Version4, Ours, false)]
    [InlineData(ApacheServer.Version5, Ours, true)]
    [InlineData(Ours, ApacheServer.Version4, false)]
    [InlineData(Ours, ApacheServer.Version5, false)]
    public async Task Store_WithMessagesUnderWay_GoesOnWithTheOtherBroker(string from, string to, bool killed)
    {
        Kit.Require(SharedKits.RocketMq);
        using TempDirectory directory = new();
        bool knowTimers = from != ApacheServer.Version4 && to != ApacheServer.Version4;
        long? due;
        await using (ServerUnderTest first = Create(from, directory, longDelay: "1h"))
        {
            await first.StartAsync();
            due = await LeaveAsync(first, knowTimers);
            await (killed ? first.KillBrokerAsync() : first.StopBrokerAsync());
        }

        // The level that was an hour is a second now: both kinds of brokers deliver then what waits.
        await using ServerUnderTest second = Create(to, directory, longDelay: "1s");
        await second.StartAsync();
        await GoOnAsync(second, due, killed);
        if (from == Ours && to == ApacheServer.Version5)
        {
            await GoneOnCountingAsync(second, directory.File("store"));
        }
    }

    /// <summary>Leaves messages of every kind under way in a broker with <see cref="Settings"/>; returns when its timer is due, null when it knows none.</summary>
    internal static async Task<long?> LeaveAsync(ServerUnderTest server, bool knowsTimers)
    {
        await LeaveUnderWayAsync(server);
        return knowsTimers ? await LeaveTimersAsync(server, TimerDelay) : null;
    }

    /// <summary>The other broker, with another delay, ends and delivers all of it.</summary>
    internal static Task GoOnAsync(ServerUnderTest server, long? due, bool killed) => Task.WhenAll(
        EndTransactionsAsync(server, killed), ReceiveDelayedAsync(server), ReceiveRetriedAsync(server), due is { } time ? ReceiveTimersAsync(server, time, killed) : Task.CompletedTask);

    internal static Dictionary<string, string> Settings(string longDelay) => new(StringComparer.Ordinal)
    {
        ["messageDelayLevel"] = $"1s {longDelay}",
        ["transactionCheckInterval"] = "2000",
        ["transactionTimeOut"] = "1000",
        // Apache's brokers of 5.x note an end up to 3 s after they answered it, and a round in between puts the half back once more. Nobody is left to answer for that copy; the
        // round that gives it up takes it off the number of open transactions a second time, and after the usual 15 that can be before the test has read the number.
        ["transactionCheckMax"] = "1000",
        ["recallMessageEnable"] = "true",
        // Apache's brokers reserve what they write to: small files for small stores.
        ["mappedFileSizeCommitLog"] = $"{16 * 1024 * 1024}",
    };

    /// <summary>Apache's broker of 5.x subtracts what it delivers and settles from the numbers it began with: without ours it would be below nothing.</summary>
    private static async Task GoneOnCountingAsync(ServerUnderTest server, string store)
    {
        await using WayTraveller waiting = await WayTraveller.GoOnAsync(server, "timer_waiting");
        await using WayTraveller open = await WayTraveller.GoOnAsync(server, "open");
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            string numbers = string.Empty;
            await Eventually.TrueAsync(
                async () => (numbers = Encoding.UTF8.GetString((await broker.RequestAsync(GetTimerMetrics)).Body.Span)).Contains($"\"{waiting.Topic}\":{{\"count\":0,", StringComparison.Ordinal),
                "the timer is subtracted from one");
        }

        await server.StopBrokerAsync();
        (await File.ReadAllTextAsync(Path.Combine(store, "config", "transactionMetrics"))).Should().Contain($"\"{open.Topic}\":{{\"count\":0,");
    }

    /// <summary>For <see cref="LeaveTimersAsync"/>, ahead of it.</summary>
    internal static async Task MakeTimerTopicsAsync(ServerUnderTest server)
    {
        foreach (string way in (string[])["timer_delivered", "timer_waiting", "timer_recalled"])
        {
            await using WayTraveller traveller = await WayTraveller.StartAsync(server, way);
        }
    }

    /// <summary>The last thing before the hand-over, as time runs: when the one that waits is due, in milliseconds since 1970.</summary>
    /// <param name="server">Where they are sent to.</param>
    /// <param name="delay">Of the one that waits.</param>
    /// <param name="before">Timers that it has noted before.</param>
    internal static async Task<long> LeaveTimersAsync(ServerUnderTest server, TimeSpan delay, int before = 0)
    {
        await using WayTraveller delivered = await WayTraveller.StartAsync(server, "timer_delivered");
        await delivered.SendAsync(delivered.Topic, ["TIMER_DELAY_MS=1000"]);
        await delivered.ReceiveAsync(delivered.Topic);
        await using WayTraveller waiting = await WayTraveller.StartAsync(server, "timer_waiting");
        await using WayTraveller recalled = await WayTraveller.StartAsync(server, "timer_recalled");
        long due = DateTimeOffset.UtcNow.Add(delay).ToUnixTimeMilliseconds();
        await waiting.SendAsync(waiting.Topic, [$"TIMER_DELIVER_MS={due}"]);
        await recalled.SendAsync(recalled.Topic, [$"TIMER_DELIVER_MS={due - 5_000}"]);
        await recalled.RecallAsync();
        await Eventually.TrueAsync(async () => await recalled.TimersNotedAsync() >= before + Timers - 1, $"{server.Name}: the timers are noted");
        return due;
    }

    /// <param name="server">The new broker.</param>
    /// <param name="due">As it was returned.</param>
    /// <param name="killed">The broker before may not have noted what it delivered last.</param>
    /// <param name="before">Copies of the one that waits that were there before this broker.</param>
    /// <param name="copies">How often a timer may come at the most.</param>
    internal static async Task ReceiveTimersAsync(ServerUnderTest server, long due, bool killed, int before = 0, int copies = 1)
    {
        await using WayTraveller delivered = await WayTraveller.GoOnAsync(server, "timer_delivered");
        await using WayTraveller waiting = await WayTraveller.GoOnAsync(server, "timer_waiting");
        await using WayTraveller recalled = await WayTraveller.GoOnAsync(server, "timer_recalled");

        RawRecord message = await waiting.ReceiveAsync(waiting.Topic);
        message.StoreTimestamp.Should().BeGreaterThanOrEqualTo(due, "{0} delivers nothing early", server.Name);
        message.Properties.Should().Contain(KeyValuePair.Create("REAL_TOPIC", waiting.Topic));
        // A broker that delivered it and was killed before it noted that delivers it once more.
        List<RawRecord> came = [.. await waiting.ReadAsync(waiting.Topic)];
        bool cameBefore = killed && came.Any(copy => copy.StoreHost.ToString() != server.BrokerAddress);
        came.Should().HaveCountLessThanOrEqualTo(before + copies + (cameBefore ? 1 : 0));
        (await recalled.ReadAsync(recalled.Topic)).Should().BeEmpty("{0} knows that it was recalled", server.Name);
        (await delivered.ReadAsync(delivered.Topic)).Should().HaveCountLessThanOrEqualTo(killed ? 2 : copies, "{0} knows that it was delivered", server.Name);
    }

    private static async Task LeaveUnderWayAsync(ServerUnderTest server)
    {
        await using (WayTraveller delayed = await WayTraveller.StartAsync(server, "delayed"))
        {
            await delayed.SendAsync(delayed.Topic, [$"DELAY={LongLevel}"]);
        }

        await using (WayTraveller retried = await WayTraveller.StartAsync(server, "retried"))
        {
            await retried.SendAsync(retried.Topic);
            await retried.SendBackAsync(await retried.ReceiveAsync(retried.Topic), LongLevel);
        }

        await using WayTraveller committed = await WayTraveller.StartAsync(server, "committed");
        await committed.SendHalfAsync(NotToBeAskedAbout);
        await committed.CommitAsync();
        await using WayTraveller rolledBack = await WayTraveller.StartAsync(server, "rolled_back");
        await rolledBack.SendHalfAsync(NotToBeAskedAbout);
        await rolledBack.RollBackAsync();
        await committed.ReceiveAsync(committed.Topic);
        string[] ended = [committed.Sent["queueOffset"], rolledBack.Sent["queueOffset"]];
        await Eventually.TrueAsync(() => AreNotedAsync(server, ended), $"{server.Name}: both ends are noted");

        await using WayTraveller open = await WayTraveller.StartAsync(server, "open");
        await open.BecomeProducerAsync();
        await open.SendHalfAsync();
        ChecksOf(await open.AskedAsync()).Should().Be(1);
        long half = long.Parse(open.Sent["queueOffset"], CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(async () => await CheckedToAsync(server) > half, $"{server.Name}: the round that asked is noted");
    }

    private static async Task EndTransactionsAsync(ServerUnderTest server, bool killed)
    {
        await using WayTraveller committed = await WayTraveller.GoOnAsync(server, "committed");
        await using WayTraveller rolledBack = await WayTraveller.GoOnAsync(server, "rolled_back");
        await using WayTraveller open = await WayTraveller.GoOnAsync(server, "open");
        await open.BecomeProducerAsync();

        RawRecord half = await open.AskedAsync();
        half.Properties.Should().Contain(KeyValuePair.Create("UNIQ_KEY", "open"));
        // A broker that was killed may not have noted that the half was put back for its first question: then both copies are there, and each is asked about.
        ChecksOf(half).Should().BeGreaterThanOrEqualTo(killed ? 1 : 2, "{0} goes on counting", server.Name);
        await open.CommitAsync(half);
        RawRecord message = await open.ReceiveAsync(open.Topic);
        message.Body.ToArray().Should().Equal(Encoding.UTF8.GetBytes("body of open"));

        // Its half lies behind all others: by the round that asks about it, they have been looked at.
        await using WayTraveller later = await WayTraveller.StartAsync(server, "later");
        await later.BecomeProducerAsync();
        await later.SendHalfAsync();
        await later.CommitWhenAskedAsync();
        await later.ReceiveAsync(later.Topic);
        (await open.ReadAsync(open.Topic)).Should().HaveCountLessThanOrEqualTo(killed ? 2 : 1, "{0} commits each copy once", server.Name);
        (await committed.ReadAsync(committed.Topic)).Should().ContainSingle("what was committed there is not committed again here");
        (await rolledBack.ReadAsync(rolledBack.Topic)).Should().BeEmpty("what was rolled back stays so");
    }

    private static async Task ReceiveDelayedAsync(ServerUnderTest server)
    {
        await using WayTraveller delayed = await WayTraveller.GoOnAsync(server, "delayed");
        RawRecord message = await delayed.ReceiveAsync(delayed.Topic);
        (message.QueueId, message.QueueOffset).Should().Be((WayTraveller.Queue, 0L));
    }

    private static async Task ReceiveRetriedAsync(ServerUnderTest server)
    {
        await using WayTraveller retried = await WayTraveller.GoOnAsync(server, "retried");
        RawRecord message = await retried.ReceiveAsync(retried.RetryTopic);
        message.ReconsumeTimes.Should().Be(1);
        message.Properties.Should().Contain(KeyValuePair.Create("RETRY_TOPIC", retried.Topic));
    }

    // 4.9 and ours write an op for each half before they answer, 5.x one for several after a while. 4.9 keeps the topic to itself.
    private static async Task<bool> AreNotedAsync(ServerUnderTest server, IEnumerable<string> halfOffsets)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        RawFrame answer = await RawBroker.PullAsync(broker, HalfOps, 0, 0);
        return answer.Code == RawBroker.TopicNotExist || (answer.Code == RawBroker.Success
            && !halfOffsets.Except(RawRecord.DecodeAll(answer.Body).SelectMany(static op => Encoding.UTF8.GetString(op.Body.Span).Split(',')), StringComparer.Ordinal).Any());
    }

    private static async Task<long> CheckedToAsync(ServerUnderTest server)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        RawFrame answer = await broker.RequestAsync(
            QueryConsumerOffset, RawFields.Progress("CID_RMQ_SYS_TRANS", "RMQ_SYS_TRANS_HALF_TOPIC", 0));
        return answer.Code == RawBroker.Success ? long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture) : -1;
    }

    private static int ChecksOf(RawRecord half) => int.Parse(half.Properties.Single(static property => property.Key == "TRANSACTION_CHECK_TIMES").Value, CultureInfo.InvariantCulture);

    private static ServerUnderTest Create(string name, TempDirectory directory, string longDelay)
    {
        ServerOptions options = new() { StoreDirectory = directory.File("store"), Broker = Settings(longDelay) };
        return name == Ours ? new RocketOpsServer(options) : new ApacheServer(name, options);
    }
}
