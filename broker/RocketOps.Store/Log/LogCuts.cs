using RocketOps.Store.Contracts;

namespace RocketOps.Store.Log;

/// <summary>The cuts of the log since the start: tells whether a mark still means what it meant. Immutable; each cut makes the next one.</summary>
internal sealed class LogCuts
{
    /// <summary>
    /// Cuts told apart. A mark lives for as long as a reply waits; of older ones the first two are taken for one, at the lower offset and the later time, which may give up
    /// what is still there and never keeps what is not.
    /// </summary>
    private const int MaxKept = 32;

    // In order of time, and of offset as well: an earlier cut above a later one says nothing that the later one does not.
    private readonly LogMark[] _cuts;

    private LogCuts(int generation, LogMark[] cuts)
    {
        Generation = generation;
        _cuts = cuts;
    }

    public static LogCuts None { get; } = new(0, []);

    /// <summary>Number of cuts.</summary>
    public int Generation { get; }

    /// <summary>Tells whether everything before the mark is still in the log.</summary>
    public bool Holds(LogMark mark) => mark.Generation == Generation || HoldsSlow(mark);

    public LogCuts Next(PhysicalOffset offset)
    {
        List<LogMark> cuts = [.. _cuts.Where(cut => cut.Offset < offset), new LogMark(offset, Generation + 1)];
        if (cuts.Count > MaxKept)
        {
            cuts[1] = cuts[1] with { Offset = cuts[0].Offset };
            cuts.RemoveAt(0);
        }

        return new LogCuts(Generation + 1, [.. cuts]);
    }

    private bool HoldsSlow(LogMark mark)
    {
        foreach (LogMark cut in _cuts)
        {
            if (cut.Generation > mark.Generation)
            {
                return mark.Offset <= cut.Offset;
            }
        }

        return true;
    }
}
