using System.Collections.Concurrent;
using System.Net.Sockets;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Kills;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// A consumer of each queue that goes on with the next member whenever one has nothing more, is gone or says nothing, so that all of them are read from while they lead, follow and stand by. What it has
/// read must be there in the end, at the same place.
/// </summary>
internal sealed class RovingReader : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly IReadOnlyList<string> _addresses;
    private readonly string _topic;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Reading> _readings = [];
    private readonly Task _reading;

    private RovingReader(IReadOnlyList<string> addresses, string topic, int queues)
    {
        _addresses = addresses;
        _topic = topic;
        _reading = Task.WhenAll(Enumerable.Range(0, queues).Select(ReadAsync));
    }

    public IReadOnlyCollection<Reading> Readings => _readings;

    public static RovingReader Start(IReadOnlyList<string> addresses, string topic, int queues) => new(addresses, topic, queues);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ReadAsync(int queue)
    {
        await Task.Yield();
        long next = 0;
        AnswerPatience patience = new();
        for (int member = queue; !_stop.IsCancellationRequested; member++)
        {
            try
            {
                await using RawConnection broker = await patience.AwaitAsync(RawConnection.ConnectAsync(_addresses[member % _addresses.Count]));
                while (!_stop.IsCancellationRequested && await patience.AwaitAsync(Load.PullAsync(broker, _topic, queue, next, CancellationToken.None)) is { Count: > 0 } page)
                {
                    foreach (Reading reading in page)
                    {
                        _readings.Add(reading);
                    }

                    next = page[^1].QueueOffset + 1;
                }
            }
            catch (Exception gone) when (gone is SocketException or IOException or TimeoutException)
            {
                // The next member.
            }

            await Task.Delay(Pause);
        }
    }
}
