using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>A group that elects its master under load, of producers, of consumers that read from all its members and of a consumer group, and what must hold of it in the end.</summary>
internal sealed class ElectedRun : IAsyncDisposable
{
    public const string Topic = "Elected";
    public const int Queues = 3;

    private const int MinSends = 30;
    private const int MaxSends = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly RovingReader _reader;
    private readonly ElectedGroup _group;

    private ElectedRun(ElectedBrokers brokers, ElectedGroup group)
    {
        Brokers = brokers;
        _group = group;
        Load = RovingLoad.Start(brokers.Addresses, Topic, Queues);
        _reader = RovingReader.Start(brokers.Addresses, Topic, Queues);
    }

    public ElectedBrokers Brokers { get; }

    public RovingLoad Load { get; }

    /// <summary>Messages that consumers have read so far.</summary>
    public int Read => _reader.Readings.Count;

    public static async Task<ElectedRun> StartAsync(ElectedBrokers brokers)
    {
        await brokers.StartAsync();
        await using (RawConnection connection = await RawConnection.ConnectAsync(brokers.AddressOf(await brokers.MasterAsync())))
        {
            (await RawBroker.CreateTopicAsync(connection, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        }

        return new ElectedRun(brokers, await ElectedGroup.StartAsync(brokers));
    }

    /// <summary>Returns when some more messages have been acknowledged.</summary>
    public async Task ServedAsync(string when)
    {
        long enough = Load.Acknowledged + Random.Shared.Next(MinSends, MaxSends);
        try
        {
            await Eventually.TrueAsync(() => Load.Acknowledged >= enough, "load is served", Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"load is not served {when}:\n{Brokers.Logs()}", late);
        }

        await _group.NoteOffsetsAsync();
    }

    /// <summary>The time to the first acknowledgement of a send that begins from now on.</summary>
    public async Task<TimeSpan> AcknowledgedAsync()
    {
        Task<TimeSpan> next = Load.NextAcknowledgementAsync();
        TimeSpan waited;
        try
        {
            waited = await next.WaitAsync(Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"nothing was acknowledged any more:\n{Brokers.Logs()}", late);
        }

        await _group.NoteOffsetsAsync();
        return waited;
    }

    /// <summary>
    /// When the faults are over: what was acknowledged is on every member at the offset its producer was told, what was read anywhere is where it was read, and all members have the same. A consumer group
    /// has all of it, and its offset never was ahead of what it had handled.
    /// </summary>
    /// <param name="losesNothing">False where a message may be acknowledged that one member alone has: then the members must have the same all the same.</param>
    public async Task CheckAsync(bool losesNothing = true)
    {
        await Brokers.AllInSyncAsync("after the last fault");
        await ServedAsync("after the last fault");
        await Load.StopAsync();
        await _reader.StopAsync();
        await Brokers.AllInSyncAsync("at the end");
        IReadOnlyList<Reading> first = await ReadSettledAsync(Brokers.Addresses[0], losesNothing);

        // What is wrong first: a report is cut short at its end.
        IReadOnlyList<string> violations = losesNothing ? [.. HistoryCheck.Violations(Load.Attempts, _reader.Readings, first), .. await _group.ViolationsAsync(Load.Attempts)] : [];
        violations.Should().BeEmpty("{0} things are wrong, of {1} acknowledged and {2} read: {3}\n{4}", violations.Count, Load.Acknowledged, Read, string.Join("; ", violations.Take(6)), Brokers.Logs());
        foreach (string address in Brokers.Addresses.Skip(1))
        {
            (await ReadSettledAsync(address, losesNothing)).Should().Equal(first, "all members have one log");
        }

        Read.Should().BePositive("else consumers have seen nothing");
        _group.Handled.Should().BePositive("else the group has seen nothing");
    }

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        await _reader.DisposeAsync();
        await _group.DisposeAsync();
    }

    /// <summary>A message reaches its queue a moment after the log, and a slave forgets a group that only it knows: until all is there, again.</summary>
    private async Task<IReadOnlyList<Reading>> ReadSettledAsync(string address, bool losesNothing)
    {
        IReadOnlyList<Reading> stored = [];
        long acknowledged = losesNothing ? Load.Acknowledged : 1;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    IReadOnlyList<Reading> before = stored;
                    stored = await StoredQueues.ReadAllAsync(address, Topic, Queues);
                    return stored.Count >= acknowledged && stored.Count == before.Count;
                },
                $"every acknowledged message is in a queue of {address}",
                Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{address} has {stored.Count} messages of {acknowledged} acknowledged:\n{Brokers.Logs()}", late);
        }

        return stored;
    }
}
