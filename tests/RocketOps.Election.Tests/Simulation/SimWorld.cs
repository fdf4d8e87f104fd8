namespace RocketOps.Election.Tests.Simulation;

/// <summary>Virtual time: what happens, in its order. Everything random comes from one seed, so that a schedule can be run again.</summary>
internal sealed class SimWorld(int seed)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    public Random Random { get; } = new(seed);

    /// <summary>Since the beginning of the schedule.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>What ends the schedule: it may have been thrown where nobody waits for it.</summary>
    public Exception? Failure { get; set; }

    public void After(TimeSpan delay, Action happens) => _events.Enqueue(happens, ((Now + delay).Ticks, _order++));

    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out _, out (long At, long Order) next) && next.At <= end.Ticks)
        {
            HappenNext(next.At);
        }

        Now = end;
    }

    /// <summary>For who waits in the middle of something, as a thread does: everything else happens meanwhile, and there is always something.</summary>
    public void RunWhile(Func<bool> waits)
    {
        while (waits() && _events.TryPeek(out _, out (long At, long Order) next))
        {
            HappenNext(next.At);
        }
    }

    public TimeSpan Between(double minMs, double maxMs) => TimeSpan.FromMilliseconds(minMs + (Random.NextDouble() * (maxMs - minMs)));

    public bool Chance(double probability) => Random.NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Random.Next(choices.Count)];

    private void HappenNext(long at)
    {
        Action happens = _events.Dequeue();
        Now = new TimeSpan(at);
        happens();
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
