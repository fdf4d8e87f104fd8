using System.Collections.Concurrent;

namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Brokers that are to be left alone for a while, by how long they took for their last send. A broker that failed counts as one that took
/// <see cref="FailureLatency"/>. Thread-safe.
/// Matches MQFaultStrategy and LatencyFaultToleranceImpl of 5.5.0 without their detector.
/// </summary>
internal sealed class BrokerFaults(TimeProvider time)
{
    private static readonly TimeSpan FailureLatency = TimeSpan.FromSeconds(10);

    // latencyMax and notAvailableDuration, in milliseconds; shorter ones keep nobody away.
    private static readonly (int Latency, int NotAvailable)[] Table = [(15000, 30000), (5000, 10000), (3000, 6000), (1800, 5000), (550, 2000), (100, 0), (50, 0)];

    // As many entries as brokers that were slow last time.
    private readonly ConcurrentDictionary<string, (long Since, TimeSpan Length)> _avoided = new(StringComparer.Ordinal);

    public bool IsAvailable(string broker) => !_avoided.TryGetValue(broker, out (long Since, TimeSpan Length) avoided) || time.GetElapsedTime(avoided.Since) >= avoided.Length;

    /// <summary>A send to the broker has ended.</summary>
    /// <param name="broker">Its name.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="failed">Whether another broker may do better.</param>
    public void Note(string broker, TimeSpan elapsed, bool failed)
    {
        TimeSpan length = NotAvailable(failed ? FailureLatency : elapsed);
        if (length > TimeSpan.Zero)
        {
            _avoided[broker] = (time.GetTimestamp(), length);
        }
        else
        {
            _avoided.TryRemove(broker, out _);
        }
    }

    /// <summary>Time for which a broker is left alone after a send that took so long.</summary>
    public static TimeSpan NotAvailable(TimeSpan latency)
    {
        foreach ((int least, int notAvailable) in Table)
        {
            if (latency.TotalMilliseconds >= least)
            {
                return TimeSpan.FromMilliseconds(notAvailable);
            }
        }

        return TimeSpan.Zero;
    }
}
