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

/// <summary>All are served.</summary>
internal sealed class CountedWrites : WritePlan
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public override Fate Of(string write)
    {
        Interlocked.Increment(ref _count);
        return Fate.Serve;
    }
}

/// <summary>Each write the first time it is tried, one in this way and the next in another.</summary>
internal sealed class FateOfEachFirst(params IReadOnlyList<Fate> fates) : WritePlan
{
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private int _failed;

    public override Fate Of(string write) => _seen.TryAdd(write, true) ? fates[(int)((uint)(Interlocked.Increment(ref _failed) - 1) % (uint)fates.Count)] : Fate.Serve;
}
