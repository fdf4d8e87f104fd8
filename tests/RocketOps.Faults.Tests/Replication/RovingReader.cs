using System.Collections.Concurrent;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// A consumer of each queue that goes on with the next member whenever one has nothing more, is gone or says nothing, so that all of them are read from while they lead, follow and stand by. What it has
/// read must be there in the end, at the same place.
/// </summary>
internal sealed class RovingReader : IAsyncDisposable
{
    private readonly string _topic;
    private readonly Workers _workers = new();
    private readonly Rover _rover;
    private readonly ConcurrentBag<Reading> _readings = [];

    private RovingReader(IReadOnlyList<string> addresses, string topic)
    {
        _topic = topic;
        _rover = new Rover(addresses, _workers, pause: TimeSpan.FromMilliseconds(10));
    }

    public IReadOnlyCollection<Reading> Readings => _readings;

    public static RovingReader Start(IReadOnlyList<string> addresses, string topic, int queues)
    {
        RovingReader reader = new(addresses, topic);
        reader._workers.Start(queues, reader.ReadAsync);
        return reader;
    }

    public Task StopAsync() => _workers.StopAsync();

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    private async Task ReadAsync(int queue)
    {
        long next = 0;
        await _rover.RoveAsync(queue, async (broker, patience) =>
        {
            while (!_workers.IsStopping
                && await patience.AwaitAsync(StoredQueues.PullAsync(broker, _topic, queue, next)) is { Count: > 0 } page)
            {
                foreach (RawRecord record in page)
                {
                    _readings.Add(Reading.Of(record));
                }

                next = page[^1].QueueOffset + 1;
            }
        });
    }
}
