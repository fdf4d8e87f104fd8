using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Kills;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Points;

/// <summary>A load on a topic of a server whose broker dies at places.</summary>
internal sealed class KilledLoad : IAsyncDisposable
{
    public const string Topic = "Kills";
    public const int Queues = 4;

    private const int MinSends = 50;
    private const int MaxSends = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DyingServer _dying;

    private KilledLoad(DyingServer dying, Load load)
    {
        _dying = dying;
        Load = load;
    }

    public Load Load { get; }

    /// <summary>For failures.</summary>
    public string Story => $"{Load.Acknowledged} sends acknowledged, {Load.CutOff} cut off, deaths: {string.Join("; ", _dying.Deaths)}";

    /// <summary>Makes the topic and starts the load.</summary>
    public static async Task<KilledLoad> StartAsync(DyingServer dying, int producers, bool hasKeys = false)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(dying.Server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(broker, Topic, Queues)).Code.Should().Be(RawBroker.Success);
        return new KilledLoad(dying, Load.Start(dying.Server, Topic, Queues, producers, hasKeys));
    }

    /// <summary>Has the broker die so often, at the places in turn, and stops the load when the last start serves it.</summary>
    public async Task RunAsync(IReadOnlyList<KillPlace> places, int kills)
    {
        for (int kill = 0; kill < kills; kill++)
        {
            await ServedAsync();
            await _dying.DieAsync(places[kill % places.Count]);
            await _dying.Server.StartBrokerAsync();
        }

        await ServedAsync();
        await Load.StopAsync();
    }

    /// <summary>Returns when some more messages have been acknowledged.</summary>
    public Task ServedAsync()
    {
        long enough = Load.Acknowledged + Random.Shared.Next(MinSends, MaxSends);
        return UntilAsync(() => Load.Acknowledged >= enough, "load is served");
    }

    /// <summary>Waits for what the load brings about; a failure says what the broker wrote to its log.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        try
        {
            await Eventually.TrueAsync(condition, what, Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; {Story}\n{await _dying.Server.LogsAsync()}", late);
        }
    }

    /// <summary>All that is stored, once it is as much as was acknowledged.</summary>
    public Task<IReadOnlyList<Reading>> ReadAllAsync() =>
        StoredQueues.ReadAtLeastAsync(_dying.Server.BrokerAddress, Topic, Queues, Load.Acknowledged, Patience);

    public ValueTask DisposeAsync() => Load.DisposeAsync();
}
