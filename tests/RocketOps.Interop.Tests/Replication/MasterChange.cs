using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using RocketOps.Interop.Tests.Messages;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Interop.Tests.Replication;

/// <summary>
/// A slave follows a master of the other kind, with its tables and everything that is under way; the master ends, the slave is made the master as docs/migrate.md says, and goes on with all of it.
/// </summary>
internal static class MasterChange
{
    private const int UpdateBrokerConfig = 25;
    private const int GetTimerCheckPoint = 60;

    // A slave of 5.5.0 that reads the timer topic while its master's progress comes, every 3 s, has been seen to take a message into its wheel twice, 3 s apart, and delivered it twice at its time; and one that its master had
    // delivered, which it read 2 s after its time, to take into a slot behind that progress: it delivers that again.
    private const int ApachesCopies = 2;

    private static readonly TimeSpan TimerDelay = TimeSpan.FromSeconds(40);

    // A slave of 5.5.0 asks for tables every 60 s, the first time a minute after its start.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <param name="master">Runs; ends.</param>
    /// <param name="slave">Not started yet; is stopped.</param>
    /// <param name="promoted">Makes the new master of the slave's store.</param>
    /// <param name="isVersion5">Apache's broker of the two is of 5.x.</param>
    /// <param name="killed">How the master ends: by SIGKILL, or in order, as by somebody who hands over.</param>
    public static async Task RunAsync(ServerUnderTest master, ServerUnderTest slave, Func<string, ServerUnderTest> promoted, bool isVersion5, bool killed)
    {
        TableRows rows = new(isVersion5);
        await Task.WhenAll(slave.StartAsync(), LeaveAsync(master, rows, isVersion5));
        (await rows.ReadAsync(master)).Should().Equal(rows.Expected);
        await TablesFollowAsync(slave, rows, isVersion5);
        long? due = null;
        if (isVersion5)
        {
            due = await StoreHandOverTests.LeaveTimersAsync(master, TimerDelay, before: TableRows.Timers);
            await TimersFollowAsync(master, slave);
        }

        if (!killed)
        {
            await CloseAsync(master);
        }

        await ReplicationInteropTests.SameEndAsync(master.BrokerAddress, slave.BrokerAddress);
        await (killed ? master.KillBrokerAsync() : master.StopBrokerAsync());
        int delivered = isVersion5 ? await DeliveredBeforeAsync(slave) : 0;
        await slave.StopBrokerAsync();

        await using ServerUnderTest next = promoted(slave.StoreDirectory);
        await next.StartAsync();
        await Task.WhenAll(
            // The checks of transactions go on while the slave follows: it knows of some rounds less, as after a kill.
            StoreHandOverTests.GoOnAsync(next, due: null, killed: true),
            due is { } time ? StoreHandOverTests.ReceiveTimersAsync(next, time, killed: false, delivered, next is ApacheServer ? ApachesCopies : 1) : Task.CompletedTask,
            rows.GoOnAsync(next));
    }

    public static ServerOptions MasterOptions() => new() { Broker = Settings("1h") };

    public static ServerOptions SlaveOptions(ServerUnderTest master)
    {
        Dictionary<string, string> settings = Settings("1h");
        settings["brokerRole"] = "SLAVE";
        settings["brokerId"] = "1";

        // What was delivered counts for our slave once the copies are on its disk: up to 10 s later otherwise.
        settings["flushDiskType"] = "SYNC_FLUSH";
        return new ServerOptions { Broker = settings, NameServerAddress = master.NameServerAddress };
    }

    /// <summary>The level that was an hour is a second now: what waits is delivered by the new master, and by no other.</summary>
    public static ServerOptions PromotedOptions(ServerUnderTest master, string store) => new() { Broker = Settings("1s"), NameServerAddress = master.NameServerAddress, StoreDirectory = store };

    private static async Task LeaveAsync(ServerUnderTest master, TableRows rows, bool isVersion5)
    {
        await rows.LeaveAsync(master);
        await StoreHandOverTests.LeaveAsync(master, knowsTimers: false);
        if (isVersion5)
        {
            // The topics go with the tables; the timers themselves are left when the slave has these, as near to the end of the master as can be.
            await StoreHandOverTests.MakeTimerTopicsAsync(master);
        }
    }

    private static async Task TablesFollowAsync(ServerUnderTest slave, TableRows rows, bool isVersion5)
    {
        bool hasTimers = isVersion5 && slave is ApacheServer;
        string expected = Text(rows.Expected, hasTimers ? TableRows.ExpectedTimers : string.Empty);
        string found = string.Empty;
        try
        {
            await Eventually.TrueAsync(
                async () => (found = Text(await rows.ReadAsync(slave), hasTimers ? await TableRows.ReadTimersAsync(slave) : string.Empty)) == expected, "the slave has the tables", Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{slave.Name} has\n{found}\ninstead of\n{expected}\n{await slave.LogsAsync()}", late);
        }
    }

    /// <summary>The slave knows how far its master has delivered. A master of ours says anew only when something has changed.</summary>
    private static async Task TimersFollowAsync(ServerUnderTest master, ServerUnderTest slave)
    {
        await using WayTraveller delivered = await WayTraveller.GoOnAsync(master, "timer_delivered");
        RawRecord message = await delivered.ReceiveAsync(delivered.Topic);
        long slotMs = long.Parse(message.Properties.Single(static property => property.Key == "TIMER_OUT_MS").Value, CultureInfo.InvariantCulture);
        await Eventually.TrueAsync(async () => await DeliveredToAsync(slave) > slotMs, "the slave has the progress of the timers", Patience);
    }

    /// <summary>Up to which slot timers are delivered, in milliseconds since 1970; −1 when the broker knows of none. Source: admin.md §2.7.</summary>
    private static async Task<long> DeliveredToAsync(ServerUnderTest server)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        RawFrame answer = await broker.RequestAsync(GetTimerCheckPoint);
        return answer.Code == RawBroker.Success ? BinaryPrimitives.ReadInt64BigEndian(answer.Body.Span) : -1;
    }

    /// <summary>How often a machine that is very slow has delivered the timer that was to wait for the new master: what its last seconds delivered is delivered again.</summary>
    private static async Task<int> DeliveredBeforeAsync(ServerUnderTest slave)
    {
        await using WayTraveller waiting = await WayTraveller.GoOnAsync(slave, "timer_waiting");
        return (await waiting.ReadAsync(waiting.Topic)).Count;
    }

    /// <summary>As somebody who hands over; brokers of either kind then refuse ordered topics by themselves, for the others name servers tell producers.</summary>
    private static async Task CloseAsync(ServerUnderTest master)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(master.BrokerAddress);
        (await broker.RequestAsync(UpdateBrokerConfig, body: Encoding.UTF8.GetBytes("brokerPermission=4\n"))).Code.Should().Be(RawBroker.Success);
    }

    private static string Text(IReadOnlyDictionary<string, string> rows, string timers) => string.Join('\n', rows.Select(static row => $"{row.Key}: {row.Value}").Append(timers));

    private static Dictionary<string, string> Settings(string longDelay) => new(StoreHandOverTests.Settings(longDelay), StringComparer.Ordinal)
    {
        ["haSendHeartbeatInterval"] = "1000",
        // Of our slave; Apache's have no such property.
        ["slaveSyncInterval"] = "1000",
    };
}
