namespace RocketOps.Broker.Transactions;

/// <summary>One round of checks: how far it goes, what it leaves for the next one, and of which producer groups there is something to log at its end. One thread.</summary>
/// <param name="end">The first half that is for the next round: what came, or was put back, since this one began.</param>
/// <param name="asks">False for a round before its time, which only makes room in memory.</param>
/// <param name="isCrowded">So many settled halves are remembered that what is left has to be put back, so that they can be forgotten.</param>
/// <param name="oldEnd">Halves before it are in the queue for longer than a transaction has time, whatever clocks say.</param>
/// <param name="firstSafe">What lies before it in the log may be gone with the next files; what would be left there has to be put back as well.</param>
internal sealed class CheckRound(long end, long oldEnd, bool asks, bool isCrowded, long firstSafe)
{
    /// <summary>Groups that are named at most: producers choose the names.</summary>
    private const int MaxGroups = 100;

    public long End { get; } = end;

    public bool Asks { get; } = asks;

    /// <summary>The first half that stays where it is; no progress is noted behind it.</summary>
    public long FirstLeft { get; private set; } = long.MaxValue;

    /// <summary>Commit-log offset of the first half that stays where it is.</summary>
    public long FirstLeftAt { get; private set; } = long.MaxValue;

    /// <summary>Halves nobody could be asked about, by producer group.</summary>
    public Dictionary<string, int> WithoutProducer { get; } = new(StringComparer.Ordinal);

    /// <summary>Halves that were given up, by producer group.</summary>
    public Dictionary<string, int> GivenUp { get; } = new(StringComparer.Ordinal);

    /// <summary>True when no file of the log is removed with the half before the next look.</summary>
    public bool IsSafe(HalfMessage half) => half.PhysicalOffset >= firstSafe;

    /// <summary>True when a half that waits may do so where it is.</summary>
    public bool MayLeave(HalfMessage half) => !isCrowded && IsSafe(half);

    /// <summary>True when what lies behind the half may be old enough to be asked about, though the half itself seems too young.</summary>
    public bool IsOld(HalfMessage half) => half.QueueOffset < oldEnd;

    /// <summary>The half stays where it is, and the round goes on behind it.</summary>
    public void Leave(HalfMessage half)
    {
        FirstLeft = Math.Min(FirstLeft, half.QueueOffset);
        StopAt(half);
    }

    /// <summary>The half stays where it is, and the round ends before it.</summary>
    public void StopAt(HalfMessage half) => FirstLeftAt = Math.Min(FirstLeftAt, half.PhysicalOffset);

    public static void Count(Dictionary<string, int> halves, string? group)
    {
        string name = group ?? string.Empty;
        if (halves.Count >= MaxGroups && !halves.ContainsKey(name))
        {
            name = "(others)";
        }

        halves[name] = halves.GetValueOrDefault(name) + 1;
    }
}
