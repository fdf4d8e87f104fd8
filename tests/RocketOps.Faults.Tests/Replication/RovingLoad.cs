using System.Diagnostics;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>
/// Producers with one send in flight each that go to the next member when one refuses, is gone or says nothing. By plain frames: nothing of ours but the brokers is trusted. Each try is a message of
/// its own, so that a body names what became of one send.
/// </summary>
internal sealed class RovingLoad : IAsyncDisposable
{
    private const int Producers = 6;

    private readonly string _topic;
    private readonly int _queues;
    private readonly Workers _workers = new();
    private readonly Rover _rover;
    private readonly AttemptLog _sends = new();
    private readonly Lock _gaps = new();
    private volatile Mark _mark = new(long.MaxValue);
    private long _lastAcknowledged;
    private TimeSpan _longestGap;

    private RovingLoad(IReadOnlyList<string> addresses, string topic, int queues)
    {
        _topic = topic;
        _queues = queues;
        _rover = new Rover(addresses, _workers, pause: TimeSpan.FromMilliseconds(20));
    }

    public long Acknowledged => _sends.Acknowledged;

    /// <summary>Sends in flight to which no answer came.</summary>
    public long CutOff => _sends.CutOff;

    public IReadOnlyCollection<Attempt> Attempts => _sends.All;

    public static RovingLoad Start(IReadOnlyList<string> addresses, string topic, int queues)
    {
        RovingLoad load = new(addresses, topic, queues);
        load._workers.Start(Producers, load.ProduceAsync);
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

    public Task StopAsync() => _workers.StopAsync();

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    // All four are sent for a client.
    private static bool IsSent(int code) =>
        code is RawBroker.Success or RawBroker.FlushDiskTimeout or RawBroker.FlushSlaveTimeout or RawBroker.SlaveNotAvailable;

    private async Task ProduceAsync(int producer)
    {
        int sequence = 0;
        await _rover.RoveAsync(producer, async (broker, patience) =>
        {
            while (!_workers.IsStopping && await SendAsync(broker, producer, sequence++, patience))
            {
                // The next one, on the same connection.
            }
        });
    }

    /// <summary>Whether that member took it.</summary>
    private async Task<bool> SendAsync(RawConnection broker, int producer, int sequence, AnswerPatience patience)
    {
        int queue = sequence % _queues;
        long begun = Stopwatch.GetTimestamp();
        if (!await _sends.NoteAsync(
            producer, sequence, queue, body => patience.AwaitAsync(RawBroker.SendAsync(broker, _topic, queue, body)), IsSent))
        {
            return false;
        }

        NoteGap();
        Mark mark = _mark;
        if (begun >= mark.Since)
        {
            mark.Reached.TrySetResult(Stopwatch.GetElapsedTime(mark.Since));
        }

        return true;
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
