using System.Collections.Concurrent;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>Decides what becomes of the writes of a world's operators, and of what their controllers read. Thread-safe.</summary>
internal abstract class WritePlan
{
    /// <param name="write">What is written, as text.</param>
    public virtual Fate Of(string write) => Fate.Serve;

    /// <param name="read">What is read from the API server itself, as text.</param>
    public virtual Fate OfRead(string read) => Fate.Serve;
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

/// <summary>
/// What is read at each place, a place being what is read since which write: every other time, as what one step of a pass reads others read after it, and as often as is asked for. One in this way and the next in another.
/// </summary>
internal sealed class FateOfReads(int times, params IReadOnlyList<Fate> fates) : WritePlan
{
    private readonly ConcurrentDictionary<(string Write, string Read), int> _seen = new();
    private volatile string _write = "";
    private int _failed;

    /// <summary>How many failed.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Where.</summary>
    public string Places => string.Join("; ", _seen.Keys.Select(static place => $"{place.Read} after {place.Write}").Order(StringComparer.Ordinal));

    public override Fate Of(string write)
    {
        _write = write;
        return Fate.Serve;
    }

    public override Fate OfRead(string read)
    {
        int seen = _seen.AddOrUpdate((_write, read), 1, static (_, seen) => seen + 1);
        return seen % 2 == 1 && seen < times * 2 ? fates[(int)((uint)(Interlocked.Increment(ref _failed) - 1) % (uint)fates.Count)] : Fate.Serve;
    }
}
