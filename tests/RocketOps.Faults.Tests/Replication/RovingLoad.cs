using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Producers with one send in flight each that go to the next member when one refuses, is gone or says nothing. By plain frames: nothing of ours but the brokers is trusted. Each try is a message of
/// its own, so that a body names what became of one send.
/// </summary>
internal sealed class RovingLoad : IAsyncDisposable
{
    private const int Producers = 6;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly IReadOnlyList<string> _addresses;
    private readonly string _topic;
    private readonly int _queues;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Attempt> _attempts = [];
    private readonly List<Task> _tasks = [];
    private long _acknowledged;
    private long _cutOff;
    private readonly Lock _gaps = new();
    private volatile Mark _mark = new(long.MaxValue);
    private long _lastAcknowledged;
    private TimeSpan _longestGap;

    private RovingLoad(IReadOnlyList<string> addresses, string topic, int queues)
    {
        _addresses = addresses;
        _topic = topic;
        _queues = queues;
    }

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Sends in flight to which no answer came.</summary>
    public long CutOff => Interlocked.Read(ref _cutOff);

    public IReadOnlyCollection<Attempt> Attempts => _attempts;

    public static RovingLoad Start(IReadOnlyList<string> addresses, string topic, int queues)
    {
        RovingLoad load = new(addresses, topic, queues);
        load._tasks.AddRange(Enumerable.Range(0, Producers).Select(load.ProduceAsync));
        return load;
    }

    /// <summary>The time from now to the first acknowledgement of a send that begins from now on.</summary>
    public Task<TimeSpan> NextAcknowledgementAsync()
    {
        Mark mark = new(Stopwatch.GetTimestamp());
        _mark = mark;
        return mark.Reached.Task;
    }

    /// <summary>The longest time between two acknowledgements since this was asked last.</summary>
    public TimeSpan TakeLongestGap()
    {
        lock (_gaps)
        {
            TimeSpan longest = _longestGap;
            _longestGap = TimeSpan.Zero;
            return longest;
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
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
        AnswerPatience patience = new();
        for (int member = producer; !_stop.IsCancellationRequested; member++)
        {
            try
            {
                await using RawConnection broker = await patience.AwaitAsync(RawConnection.ConnectAsync(_addresses[member % _addresses.Count]));
                while (!_stop.IsCancellationRequested && await SendAsync(broker, producer, sequence++, patience))
                {
                    // The next one, on the same connection.
                }
            }
            catch (Exception gone) when (gone is SocketException or IOException or TimeoutException)
            {
                // The next member.
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>Whether that member took it.</summary>
    private async Task<bool> SendAsync(RawConnection broker, int producer, int sequence, AnswerPatience patience)
    {
        int queue = sequence % _queues;
        long? offset = null;
        long begun = Stopwatch.GetTimestamp();
        try
        {
            RawFrame answer = await patience.AwaitAsync(RawBroker.SendAsync(broker, _topic, queue, Encoding.UTF8.GetBytes(Attempt.BodyOf(producer, sequence))));
            if (answer.Code is not (RawBroker.Success or RawBroker.FlushDiskTimeout or RawBroker.FlushSlaveTimeout or RawBroker.SlaveNotAvailable))
            {
                return false;
            }

            // All four are sent for a client.

            offset = long.Parse(answer.ExtFields["queueOffset"], CultureInfo.InvariantCulture);
            Interlocked.Increment(ref _acknowledged);
            NoteGap();
            Mark mark = _mark;
            if (begun >= mark.Since)
            {
                mark.Reached.TrySetResult(Stopwatch.GetElapsedTime(mark.Since));
            }

            return true;
        }
        catch (Exception gone) when (gone is SocketException or IOException or TimeoutException)
        {
            Interlocked.Increment(ref _cutOff);
            throw;
        }
        finally
        {
            _attempts.Add(new Attempt(producer, sequence, queue, offset));
        }
    }

    private void NoteGap()
    {
        lock (_gaps)
        {
            TimeSpan gap = _lastAcknowledged == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_lastAcknowledged);
            _longestGap = gap > _longestGap ? gap : _longestGap;
            _lastAcknowledged = Stopwatch.GetTimestamp();
        }
    }

    private sealed record Mark(long Since)
    {
        public TaskCompletionSource<TimeSpan> Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
