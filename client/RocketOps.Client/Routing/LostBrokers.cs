namespace RocketOps.Client.Routing;

/// <summary>
/// Brokers that left the routes of a client, for a minute: most of them restart and are back in seconds. One topic of each is asked for
/// every <see cref="AskInterval"/>. When a broker is back in that route, the routes of its other topics are due. Thread-safe.
/// </summary>
internal sealed class LostBrokers(TimeProvider time)
{
    /// <summary>Topics kept of one broker: those left out wait for the periodic refresh.</summary>
    private const int MaxTopics = 1024;

    /// <summary>Brokers kept at a time.</summary>
    private const int MaxBrokers = 256;

    /// <summary>Time between two questions for the same broker.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(2);

    /// <summary>A broker that is away for longer is found by the periodic refresh.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Since, HashSet<string> Topics)> _lost = new(StringComparer.Ordinal);

    // Topics whose routes are due, as a broker is back that they had lost.
    private readonly HashSet<string> _due = new(StringComparer.Ordinal);
    private long? _askedAt;

    /// <summary>Time until <see cref="TakeTopicsToAsk"/> has topics; infinite while no broker is looked for.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (_gate)
            {
                TimeSpan sinceAsked = _askedAt is { } asked ? time.GetElapsedTime(asked) : AskInterval;
                return _due.Count > 0 ? TimeSpan.Zero
                    : _lost.Count == 0 ? Timeout.InfiniteTimeSpan
                    : sinceAsked < AskInterval ? AskInterval - sinceAsked : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The route of a topic became another.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="before">Brokers of its route before.</param>
    /// <param name="now">Brokers of its route now.</param>
    public void OnChanged(string topic, IEnumerable<string> before, IReadOnlyCollection<string> now)
    {
        lock (_gate)
        {
            foreach (string broker in before.Except(now, StringComparer.Ordinal))
            {
                Lose(broker, topic);
            }

            foreach (string broker in now)
            {
                if (_lost.TryGetValue(broker, out (long Since, HashSet<string> Topics) lost) && lost.Topics.Contains(topic))
                {
                    _due.UnionWith(lost.Topics);
                    _lost.Remove(broker);
                }
            }

            _due.Remove(topic);
        }
    }

    /// <summary>
    /// Topics whose routes are due, and every <see cref="AskInterval"/> one topic of each broker that is away for less than a minute.
    /// Brokers that are away for longer are forgotten.
    /// </summary>
    public IReadOnlyList<string> TakeTopicsToAsk()
    {
        lock (_gate)
        {
            foreach (string broker in _lost.Where(lost => time.GetElapsedTime(lost.Value.Since) >= Patience).Select(static lost => lost.Key).ToArray())
            {
                _lost.Remove(broker);
            }

            HashSet<string> topics = [.. _due];
            _due.Clear();
            if (_askedAt is not { } asked || time.GetElapsedTime(asked) >= AskInterval)
            {
                _askedAt = time.GetTimestamp();
                topics.UnionWith(_lost.Values.Select(static lost => lost.Topics.First()));
            }

            return [.. topics];
        }
    }

    // Under the gate.
    private void Lose(string broker, string topic)
    {
        if (!_lost.TryGetValue(broker, out (long Since, HashSet<string> Topics) lost))
        {
            if (_lost.Count == MaxBrokers)
            {
                return;
            }

            _lost[broker] = lost = (time.GetTimestamp(), new HashSet<string>(StringComparer.Ordinal));
        }

        if (lost.Topics.Count < MaxTopics)
        {
            lost.Topics.Add(topic);
        }
    }
}
