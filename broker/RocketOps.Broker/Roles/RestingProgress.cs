namespace RocketOps.Broker.Roles;

/// <summary>
/// Progress of something that a broker does by itself, and the part of the log on which each step rests: delayed messages and timers that
/// were delivered rest on their copies, checked transactions on copies and ops. What is noted beside the log may say no more than a log
/// says that others would have to take over, so it is asked for what holds with the log <see cref="Kept"/>; and when the log is cut, this
/// goes back to where the first step begins that has lost what it rests on. Bounded: many steps count as one, which then holds later, and
/// goes back further, than it had to. One thread at a time; the value any thread may read.
/// </summary>
/// <param name="kept">The end of what no change of the master takes from the log.</param>
internal sealed class RestingProgress(Func<PhysicalOffset> kept)
{
    private const int MostSteps = 64;

    private readonly List<Step> _steps = [];
    private long _value;

    /// <summary>Progress for whoever goes on with it.</summary>
    public long Value => Volatile.Read(ref _value);

    /// <summary>Progress that holds, whoever leads the group next.</summary>
    public long Kept
    {
        get
        {
            PhysicalOffset end = kept();
            return FirstOf(_steps.Where(step => step.RestsOn > end));
        }
    }

    /// <summary>Goes to <paramref name="value"/>, forwards or back, which rests on nothing new.</summary>
    public void Set(long value) => Volatile.Write(ref _value, value);

    /// <summary>Goes on to <paramref name="value"/>; all that makes it so lies before <paramref name="restsOn"/> in the log.</summary>
    public void Advance(long value, PhysicalOffset restsOn)
    {
        _steps.Add(new Step(Value, restsOn));
        if (_steps.Count > MostSteps)
        {
            // Two as one, from the first's beginning to the second's end: the oldest, but where those are still waited for, as that would go on for ever.
            int first = _steps[1].RestsOn > kept() ? MostSteps - 1 : 0;
            _steps[first] = new Step(Math.Min(_steps[first].From, _steps[first + 1].From), _steps[first + 1].RestsOn);
            _steps.RemoveAt(first + 1);
        }

        Set(value);
    }

    /// <summary>The log ends at <paramref name="end"/> from now on. Where the first step began that has lost what it rests on; null when none has.</summary>
    public long? Cut(PhysicalOffset end)
    {
        List<Step> lost = _steps.FindAll(step => step.RestsOn > end);
        if (lost.Count == 0)
        {
            return null;
        }

        _steps.RemoveAll(step => step.RestsOn > end);
        Set(FirstOf(lost));
        return lost.Min(static step => step.From);
    }

    /// <summary>Returns where the first of them begins; never ahead of the value, which may have been set back since.</summary>
    private long FirstOf(IEnumerable<Step> steps) => steps.Aggregate(Value, static (first, step) => Math.Min(first, step.From));

    private readonly record struct Step(long From, PhysicalOffset RestsOn);
}
