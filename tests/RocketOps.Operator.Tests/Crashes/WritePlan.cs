using System.Collections.Concurrent;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>Decides what becomes of the writes of a world's operators. Thread-safe.</summary>
internal abstract class WritePlan
{
    /// <param name="write">What is written, as text.</param>
    public abstract Fate Of(string write);
}

/// <summary>One write, counted from when the plan began, whichever operator makes it.</summary>
internal sealed class FateOfOne(int number, Fate fate) : WritePlan
{
    private int _seen;

    /// <summary>The write it happened to; null while there were fewer.</summary>
    public string? Write { get; private set; }

    public override Fate Of(string write)
    {
        if (Interlocked.Increment(ref _seen) != number)
        {
            return Fate.Serve;
        }

        Write = write;
        return fate;
    }
}

/// <summary>Each write the first time it is tried.</summary>
internal sealed class FateOfEachFirst(Fate fate) : WritePlan
{
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);

    public int Count => _seen.Count;

    public override Fate Of(string write) => _seen.TryAdd(write, true) ? fate : Fate.Serve;
}
