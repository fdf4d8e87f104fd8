namespace RocketOps.Election.Epochs;

/// <summary>
/// Which master wrote which part of a log: epochs and starts both grow from entry to entry. Immutable. An entry says that the log up to its end is a copy of the log of that
/// epoch's master; so two logs agree up to the end of the newest entry they share.
/// </summary>
public sealed class EpochHistory
{
    /// <summary>Entries that are kept: the oldest fall out first, long after retention has deleted what they speak of.</summary>
    public const int MaxEntries = 4096;

    private readonly EpochEntry[] _entries;

    private EpochHistory(EpochEntry[] entries)
    {
        _entries = entries;
    }

    /// <summary>A log of no known master.</summary>
    public static EpochHistory Empty { get; } = new([]);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<EpochEntry> Entries => _entries;

    /// <summary>Throws <see cref="ArgumentException"/> when epochs or starts do not grow, or there are too many.</summary>
    public static EpochHistory Of(params ReadOnlySpan<EpochEntry> entries)
    {
        if (entries.Length > MaxEntries)
        {
            throw new ArgumentException($"{entries.Length} epochs; no more than {MaxEntries} are kept", nameof(entries));
        }

        for (int i = 0; i < entries.Length; i++)
        {
            bool grows = i == 0 ? entries[i] is { Epoch: >= 0, Start: >= 0 } : entries[i].Epoch > entries[i - 1].Epoch && entries[i].Start > entries[i - 1].Start;
            if (!grows)
            {
                throw new ArgumentException($"epoch {entries[i].Epoch} at offset {entries[i].Start} does not follow what is before it", nameof(entries));
            }
        }

        return entries.IsEmpty ? Empty : new EpochHistory(entries.ToArray());
    }

    /// <summary>The epoch of the last byte before <paramref name="end"/>; 0 when no entry speaks of it.</summary>
    public long EpochAt(long end)
    {
        for (int i = _entries.Length - 1; i >= 0; i--)
        {
            if (_entries[i].Start < end)
            {
                return _entries[i].Epoch;
            }
        }

        return 0;
    }

    /// <summary>
    /// Returns the history with that epoch begun: from <paramref name="start"/> on the log is of it. An epoch in which nothing was written
    /// is replaced: nobody can have a byte of it that this log has not.
    /// </summary>
    public EpochHistory Begin(long epoch, long start)
    {
        ReadOnlySpan<EpochEntry> kept = _entries.AsSpan();
        if (!kept.IsEmpty && kept[^1].Start == start)
        {
            kept = kept[..^1];
        }

        if (kept.Length == MaxEntries)
        {
            kept = kept[1..];
        }

        return Of([.. kept, new EpochEntry(epoch, start)]);
    }

    /// <summary>The log ends there from now on. An epoch of which nothing is left is forgotten: what comes in its place may be of another.</summary>
    public EpochHistory CutTo(long end)
    {
        int kept = _entries.Length;
        while (kept > 0 && _entries[kept - 1].Start >= end)
        {
            kept--;
        }

        return kept == _entries.Length ? this : Of(_entries.AsSpan(0, kept));
    }

    /// <summary>The entries for the bytes in [<paramref name="from"/>, <paramref name="to"/>), beginning with the one in which the range begins.</summary>
    public IEnumerable<EpochEntry> Between(long from, long to)
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            long next = i + 1 < _entries.Length ? _entries[i + 1].Start : long.MaxValue;
            if (next > from && _entries[i].Start < to)
            {
                yield return _entries[i];
            }
        }
    }
}

/// <param name="Epoch">Of the master that wrote from there on; 0 for what was in the log before the group elected masters.</param>
/// <param name="Start">Offset in bytes from the start of the commit log at which the epoch's first byte lies.</param>
public readonly record struct EpochEntry(long Epoch, long Start);
