using Microsoft.Extensions.Logging;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Brokers that could not be reached or did not answer: no message goes to them while there is another. After a while, which grows, a
/// probe in the background asks whether the broker answers again, so that no message has to find out. Thread-safe.
/// </summary>
/// <param name="probe">Asks the broker at an address for a cheap answer; throws <see cref="RocketMqException"/> when it has none.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class AvoidedBrokers(Func<string, Task> probe, TimeProvider time, ILogger logger)
{
    /// <summary>More brokers than a topic has; of more, the one that was avoided the longest is forgotten.</summary>
    private const int MaxBrokers = 256;

    private static readonly TimeSpan FirstWhile = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWhile = TimeSpan.FromSeconds(30);

    /// <summary>Time after its return for which a broker that fails again counts as one that never returned.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, AvoidedBroker> _brokers = new(StringComparer.Ordinal);
    private volatile int _count;
    private volatile bool _isClosed;

    /// <summary>True while no broker is avoided: all that a send looks at then.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Number of probes under way; tests look at it.</summary>
    internal int ProbesUnderWay
    {
        get
        {
            lock (_gate)
            {
                return _brokers.Values.Count(static broker => broker.IsProbed);
            }
        }
    }

    /// <summary>Begins no further probe and logs nothing more.</summary>
    public void Close() => _isClosed = true;

    /// <summary>True while the broker at an address is avoided. Begins its probe when that is due.</summary>
    public bool IsAvoided(string address)
    {
        lock (_gate)
        {
            if (!_brokers.TryGetValue(address, out AvoidedBroker? broker) || broker.IsBack)
            {
                return false;
            }

            if (!broker.IsProbed && !_isClosed && time.GetElapsedTime(broker.Since) >= broker.While)
            {
                broker.IsProbed = true;
                _ = ProbeAsync(address);
            }

            return true;
        }
    }

    /// <summary>An attempt at the broker timed out, or could not connect.</summary>
    public void NoteFailure(string name, string address, string reason)
    {
        TimeSpan length;
        lock (_gate)
        {
            if (!_brokers.TryGetValue(address, out AvoidedBroker? broker))
            {
                MakeRoom();
                broker = new AvoidedBroker(name) { IsBack = true };
                _brokers[address] = broker;
            }

            broker.Failures++;
            if (!broker.IsBack)
            {
                return;
            }

            // Many sends fail together: the first one counts for the time, all for the number.
            long now = time.GetTimestamp();
            bool isRelapse = broker.While > TimeSpan.Zero && time.GetElapsedTime(broker.Since) < Trial;
            broker.While = isRelapse ? Longer(broker.While) : FirstWhile;
            broker.IsBack = false;
            broker.Failures = 1;
            broker.Since = now;
            broker.FirstFailure = now;
            _count++;
            length = broker.While;
        }

        if (!_isClosed)
        {
            ClientLog.BrokerAvoided(logger, name, address, reason, length.TotalSeconds);
        }
    }

    /// <summary>The broker has answered.</summary>
    public void NoteSuccess(string address)
    {
        if (_count > 0)
        {
            Return(address);
        }
    }

    private void Return(string address)
    {
        AvoidedBroker? broker;
        lock (_gate)
        {
            if (!_brokers.TryGetValue(address, out broker) || broker.IsBack)
            {
                return;
            }

            broker.IsBack = true;
            broker.Since = time.GetTimestamp();
            _count--;
        }

        if (!_isClosed)
        {
            double seconds = time.GetElapsedTime(broker.FirstFailure).TotalSeconds;
            ClientLog.BrokerBack(logger, broker.Name, address, seconds, broker.Failures);
        }
    }

    private async Task ProbeAsync(string address)
    {
        // Not under the gate of the caller.
        await Task.Yield();
        bool answers = false;
        try
        {
            await probe(address).ConfigureAwait(false);
            answers = true;
        }
        catch (RocketMqException)
        {
            // Asked again later.
        }
        catch (Exception closed) when (closed is ObjectDisposedException or OperationCanceledException)
        {
            // The client ends.
        }
        catch (Exception unforeseen)
        {
            ClientLog.BackgroundBroken(logger, unforeseen, $"the probe of {address}");
        }

        if (answers)
        {
            Return(address);
        }

        lock (_gate)
        {
            if (_brokers.TryGetValue(address, out AvoidedBroker? broker))
            {
                broker.IsProbed = false;
                if (!answers)
                {
                    broker.While = Longer(broker.While);
                    broker.Since = time.GetTimestamp();
                }
            }
        }
    }

    private static TimeSpan Longer(TimeSpan length) => length * 2 < LongestWhile ? length * 2 : LongestWhile;

    // Under the gate.
    private void MakeRoom()
    {
        if (_brokers.Count >= MaxBrokers)
        {
            (string oldest, AvoidedBroker broker) = _brokers.MinBy(static entry => entry.Value.Since);
            _brokers.Remove(oldest);
            _count -= broker.IsBack ? 0 : 1;
        }
    }

    /// <summary>One broker; guarded by the gate.</summary>
    private sealed class AvoidedBroker(string name)
    {
        public string Name => name;

        /// <summary>Timestamp of its failure, of its last probe, or of its return.</summary>
        public long Since { get; set; }

        public TimeSpan While { get; set; }

        public long FirstFailure { get; set; }

        public long Failures { get; set; }

        public bool IsProbed { get; set; }

        /// <summary>It answered again, and is kept to see whether it fails again soon.</summary>
        public bool IsBack { get; set; }
    }
}
