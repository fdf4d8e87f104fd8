using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Producers that always have one send in flight each, and one consumer per queue behind them, going on over any number of broker deaths. All by plain
/// frames: nothing of ours but the broker is trusted here.
/// </summary>
public sealed class Load : IAsyncDisposable
{
    private const int Producers = 16;

    private static readonly TimeSpan RefusedPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(20);

    private readonly ServerUnderTest _server;
    private readonly string _topic;
    private readonly int _queues;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Attempt> _attempts = [];
    private readonly ConcurrentBag<Reading> _readings = [];
    private readonly List<Task> _tasks = [];
    private long _acknowledged;
    private long _cutOff;

    private Load(ServerUnderTest server, string topic, int queues)
    {
        _server = server;
        _topic = topic;
        _queues = queues;
    }

    /// <summary>Sends acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Sends in flight whose connection broke before an answer came: the proof that a broker died under load.</summary>
    public long CutOff => Interlocked.Read(ref _cutOff);

    public IReadOnlyCollection<Attempt> Attempts => _attempts;

    public IReadOnlyCollection<Reading> Readings => _readings;

    public static Load Start(ServerUnderTest server, string topic, int queues)
    {
        Load load = new(server, topic, queues);
        load._tasks.AddRange(Enumerable.Range(0, Producers).Select(load.ProduceAsync));
        load._tasks.AddRange(Enumerable.Range(0, queues).Select(load.ConsumeAsync));
        return load;
    }

    /// <summary>Ends the load; a failure of a producer or consumer other than a lost connection surfaces here.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
    }

    /// <summary>Every message of every queue, from offset 0 to where the broker says there is no more.</summary>
    public static async Task<IReadOnlyList<Reading>> ReadAllAsync(string address, string topic, int queues)
    {
        List<Reading> all = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(address);
        for (int queue = 0; queue < queues; queue++)
        {
            IReadOnlyList<Reading> page;
            long next = 0;
            do
            {
                page = await PullAsync(broker, topic, queue, next, CancellationToken.None);
                all.AddRange(page);
                next = page.Count == 0 ? next : page[^1].QueueOffset + 1;
            }
            while (page.Count > 0);
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ProduceAsync(int producer)
    {
        await Task.Yield();
        int sequence = 0;
        await WhileConnectedAsync(async broker =>
        {
            while (!_stop.IsCancellationRequested)
            {
                int queue = sequence % _queues;
                long? offset = null;
                byte[] body = Encoding.UTF8.GetBytes(Attempt.BodyOf(producer, sequence));
                try
                {
                    RawFrame answer = await RawBroker.SendAsync(broker, _topic, queue, body);
                    if (answer.Code == RawBroker.Success)
                    {
                        offset = long.Parse(answer.ExtFields["queueOffset"], CultureInfo.InvariantCulture);
                        Interlocked.Increment(ref _acknowledged);
                    }
                    else
                    {
                        // A master without its slave refuses at once.
                        await Task.Delay(RefusedPause);
                    }
                }
                catch (Exception exception) when (IsLostConnection(exception))
                {
                    Interlocked.Increment(ref _cutOff);
                    throw;
                }
                finally
                {
                    _attempts.Add(new Attempt(producer, sequence++, queue, offset));
                }
            }
        });
    }

    private async Task ConsumeAsync(int queue)
    {
        await Task.Yield();
        long next = 0;
        await WhileConnectedAsync(async broker =>
        {
            while (!_stop.IsCancellationRequested)
            {
                IReadOnlyList<Reading> page = await PullAsync(broker, _topic, queue, next, CancellationToken.None);
                foreach (Reading reading in page)
                {
                    _readings.Add(reading);
                    next = reading.QueueOffset + 1;
                }

                if (page.Count == 0)
                {
                    await Task.Delay(ReconnectPause);
                }
            }
        });
    }

    private async Task WhileConnectedAsync(Func<RawConnection, Task> work)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using RawConnection broker = await RawConnection.ConnectAsync(_server.BrokerAddress);
                await work(broker);
            }
            catch (Exception exception) when (IsLostConnection(exception))
            {
                await Task.Delay(ReconnectPause);
            }
        }
    }

    /// <summary>Messages of a queue from an offset on; none when the broker has none to give.</summary>
    public static async Task<IReadOnlyList<Reading>> PullAsync(RawConnection broker, string topic, int queue, long offset, CancellationToken cancellationToken)
    {
        RawFrame answer = await RawBroker.PullAsync(broker, topic, queue, offset, maxMessages: 256, cancellationToken: cancellationToken);
        if (answer.Code != RawBroker.Success)
        {
            return [];
        }

        return [.. RawMessage.DecodeAll(answer.Body).Select(message => new Reading(message.QueueId, message.QueueOffset, Encoding.UTF8.GetString(message.Body.Span)))];
    }

    private static bool IsLostConnection(Exception exception) => exception is SocketException or IOException;
}
