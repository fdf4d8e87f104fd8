using System.Collections.Concurrent;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Producers that always have one send in flight each, and one consumer per queue behind them, going on over any number of broker deaths. All by plain
/// frames: nothing of ours but the broker is trusted here.
/// </summary>
public sealed class Load : IAsyncDisposable
{
    private const int UsualProducers = 16;

    private static readonly TimeSpan RefusedPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan NothingNewPause = TimeSpan.FromMilliseconds(20);

    private readonly ServerUnderTest _server;
    private readonly string _topic;
    private readonly int _queues;
    private readonly bool _hasKeys;
    private readonly Workers _workers = new();
    private readonly AttemptLog _sends = new();
    private readonly ConcurrentBag<Reading> _readings = [];

    private Load(ServerUnderTest server, string topic, int queues, bool hasKeys)
    {
        _server = server;
        _topic = topic;
        _queues = queues;
        _hasKeys = hasKeys;
    }

    /// <summary>Sends acknowledged so far.</summary>
    public long Acknowledged => _sends.Acknowledged;

    /// <summary>Sends in flight whose connection broke before an answer came: the proof that a broker died under load.</summary>
    public long CutOff => _sends.CutOff;

    public IReadOnlyCollection<Attempt> Attempts => _sends.All;

    public IReadOnlyCollection<Reading> Readings => _readings;

    /// <summary>Starts it on a topic that is there.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="queues">Its queues.</param>
    /// <param name="producers">How many.</param>
    /// <param name="hasKeys">Each message has its body as a key.</param>
    public static Load Start(ServerUnderTest server, string topic, int queues, int producers = UsualProducers, bool hasKeys = false)
    {
        Load load = new(server, topic, queues, hasKeys);
        load._workers.Start(producers, load.ProduceAsync);
        load._workers.Start(queues, load.ConsumeAsync);
        return load;
    }

    /// <summary>Ends the load; a failure of a producer or consumer other than a lost connection surfaces here.</summary>
    public Task StopAsync() => _workers.StopAsync();

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private static bool IsStored(int code) => code == RawBroker.Success;

    private async Task ProduceAsync(int producer)
    {
        int sequence = 0;
        await _workers.AgainAsync(_server, async broker =>
        {
            while (!_workers.IsStopping)
            {
                int queue = sequence % _queues;
                string properties = _hasKeys ? $"KEYS\u0001{Attempt.BodyOf(producer, sequence)}\u0002" : string.Empty;
                if (!await _sends.NoteAsync(
                    producer, sequence++, queue, body => RawBroker.SendAsync(broker, _topic, queue, body, properties), IsStored))
                {
                    // A master without its slave refuses at once.
                    await Task.Delay(RefusedPause);
                }
            }
        });
    }

    private async Task ConsumeAsync(int queue)
    {
        long next = 0;
        await _workers.AgainAsync(_server, async broker =>
        {
            while (!_workers.IsStopping)
            {
                IReadOnlyList<RawRecord> page = await StoredQueues.PullAsync(broker, _topic, queue, next);
                foreach (Reading reading in page.Select(Reading.Of))
                {
                    _readings.Add(reading);
                    next = reading.QueueOffset + 1;
                }

                if (page.Count == 0)
                {
                    await Task.Delay(NothingNewPause);
                }
            }
        });
    }
}
