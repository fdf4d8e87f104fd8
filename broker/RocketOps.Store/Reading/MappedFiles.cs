using RocketOps.Store.Files;
using RocketOps.Store.Log;

namespace RocketOps.Store.Reading;

/// <summary>
/// The files of the log that are mapped, a few of them: what the kernel notes of a gigabyte that was read through a mapping takes two megabytes until that is given up. Thread-safe.
/// </summary>
internal sealed class MappedFiles
{
    /// <summary>Most files that are mapped at a time.</summary>
    public const int Most = 8;

    /// <summary>A file that was not looked for this many times in a row makes room for another: consumers in more files than there is room for do not take them from each other.</summary>
    public const int Patience = 1024;

    private readonly Lock _gate = new();
    private readonly Entry?[] _entries = new Entry?[Most];

    // Approximate, as threads may overwrite each other's: a wrong one costs a mapping.
    private long _looks;

    /// <summary>The mapping of a file; null while there is no room for it, or where there is no such thing.</summary>
    public FileMapping? Find(LogSegment segment, long fileBytes)
    {
        long look = ++_looks;
        foreach (ref Entry? place in _entries.AsSpan())
        {
            if (Volatile.Read(ref place) is { } entry && ReferenceEquals(entry.Segment, segment))
            {
                entry.LookedFor = look;
                return segment.File.Mapping;
            }
        }

        return Map(segment, fileBytes, look);
    }

    private FileMapping? Map(LogSegment segment, long fileBytes, long look)
    {
        lock (_gate)
        {
            ref Entry? oldest = ref _entries[0];
            foreach (ref Entry? place in _entries.AsSpan())
            {
                if (ReferenceEquals(place?.Segment, segment))
                {
                    return segment.File.Mapping;
                }

                if ((place?.LookedFor ?? long.MinValue) < (oldest?.LookedFor ?? long.MinValue))
                {
                    oldest = ref place;
                }
            }

            if (oldest is { } former)
            {
                if (look - former.LookedFor < Patience)
                {
                    return null;
                }

                // Not here: it may be a connection's loop.
                ThreadPool.UnsafeQueueUserWorkItem(static file => file.Unmap(), former.Segment.File, preferLocal: false);
            }

            segment.File.Map(fileBytes);
            Volatile.Write(ref oldest, new Entry(segment) { LookedFor = look });
            return segment.File.Mapping;
        }
    }

    private sealed class Entry(LogSegment segment)
    {
        public LogSegment Segment => segment;

        public long LookedFor { get; set; }
    }
}
