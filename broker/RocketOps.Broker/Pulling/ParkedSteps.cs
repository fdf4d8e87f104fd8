namespace RocketOps.Broker.Pulling;

/// <summary>
/// The pulls of one queue by when they are looked at next, in steps of time: whoever looks finds those whose step is over and walks no others, and adding and taking out cost the same however many there are.
/// Not thread-safe. Times are timestamps of the broker's clock.
/// </summary>
internal sealed class ParkedSteps(long step)
{
    /// <summary>Steps that are told apart, from the earliest one that has pulls. What is due later is looked at with the last of them, and put back.</summary>
    private const int Slots = 16;

    // Step n is over at n * step; its pulls hang at slot n modulo Slots.
    private readonly ParkedPull?[] _first = new ParkedPull?[Slots];

    // No step before this one has pulls.
    private long _earliest;

    public int Count { get; private set; }

    /// <summary>Time at which there is something to look at; never while nobody waits.</summary>
    public long NextAt
    {
        get
        {
            if (Count == 0)
            {
                return long.MaxValue;
            }

            long number = _earliest;
            while (_first[SlotOf(number)] is null)
            {
                number++;
            }

            return number * step;
        }
    }

    public bool Has(ParkedPull pull) => ReferenceEquals(pull.Steps, this);

    /// <summary>Adds a pull that is to be looked at at that time, or less than a step later. Returns when it will be.</summary>
    public long Add(ParkedPull pull, long now, long at)
    {
        SkipEmpty(now / step);
        long number = Math.Clamp((at / step) + (at % step > 0 ? 1 : 0), _earliest, _earliest + Slots - 1);
        pull.Steps = this;
        pull.Slot = SlotOf(number);
        pull.After = _first[pull.Slot];
        if (pull.After is { } after)
        {
            after.Before = pull;
        }

        _first[pull.Slot] = pull;
        Count++;
        return number * step;
    }

    public void Remove(ParkedPull pull)
    {
        if (pull.Before is { } before)
        {
            before.After = pull.After;
        }
        else
        {
            _first[pull.Slot] = pull.After;
        }

        if (pull.After is { } after)
        {
            after.Before = pull.Before;
        }

        pull.Before = null;
        pull.After = null;
        pull.Steps = null;
        Count--;
    }

    /// <summary>Takes out a pull whose step is over; null when there is none. Whoever adds it again does so for a time after <paramref name="now"/>, or it comes without end.</summary>
    public ParkedPull? TakeDue(long now)
    {
        long over = now / step;
        SkipEmpty(over);
        if (_earliest > over || _first[SlotOf(_earliest)] is not { } pull)
        {
            return null;
        }

        Remove(pull);
        return pull;
    }

    /// <summary>All of them; the one at hand may be taken out.</summary>
    public IEnumerable<ParkedPull> All()
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            ParkedPull? next = _first[slot];
            while (next is { } pull)
            {
                next = pull.After;
                yield return pull;
            }
        }
    }

    private static int SlotOf(long number) => (int)(number % Slots);

    /// <summary>Goes on to the first step that has pulls, not beyond the last one that is over: what comes is due later.</summary>
    private void SkipEmpty(long over)
    {
        if (Count == 0)
        {
            _earliest = over;
        }

        while (_earliest < over && _first[SlotOf(_earliest)] is null)
        {
            _earliest++;
        }
    }
}
