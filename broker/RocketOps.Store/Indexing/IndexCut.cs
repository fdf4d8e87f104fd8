using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Indexing;

/// <summary>
/// Cuts the index after a power cut: leaves the keys of messages before the durable point, all of which are on the disk. What was put
/// behind them may be there as a whole, in part or torn, in no order; recovery reads the log from the durable point on and puts it again.
/// Files are not made anew from the log: that of a month would be read for it.
/// </summary>
internal sealed partial class IndexCut(StoreOptions options, IStoreFileSystem files, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>
    /// Cuts the files in place, before anybody opens them. Durable when it returns; a crash before the result is noted leaves what this comes to the same with again.
    /// </summary>
    /// <param name="durableOffset">Keys of messages at or behind it go.</param>
    /// <param name="durable">What the checkpoint says was on the disk, with keys of every message before the durable point.</param>
    /// <returns>What is on the disk now.</returns>
    public IndexPosition Run(long durableOffset, IndexPosition durable)
    {
        string directory = IndexFolder.PathOf(options);
        IReadOnlyList<string> names = IndexFolder.List(files, directory);
        IndexPosition left = default;
        bool hasDeleted = false;
        for (int i = names.Count - 1; i >= 0 && left == default; i--)
        {
            string path = Path.Combine(directory, names[i]);
            int count;
            using (IStoreFile file = files.Open(path, FileOpenMode.ReadWrite))
            {
                count = Cut(file, long.Parse(names[i]), durableOffset, durable);
            }

            if (count > 1)
            {
                left = new IndexPosition(long.Parse(names[i]), count);
                continue;
            }

            files.DeleteFile(path);
            hasDeleted = true;
            LogDeleted(names[i]);
        }

        if (hasDeleted)
        {
            files.FlushDirectory(directory);
        }

        return left;
    }

    /// <summary>Returns the number of a file's first entry that perhaps was not on the disk.</summary>
    private static int EntriesOnDisk(in IndexHeader header, long name, long durableOffset, IndexPosition durable)
    {
        if (durable.Name == 0)
        {
            // The index had no file then: one that ends before the durable point is from before, when there was an index.
            return header.EndPhysicalOffset < durableOffset ? header.IndexCount : 1;
        }

        int entries = name < durable.Name ? header.IndexCount : name == durable.Name ? durable.Entries : 1;
        return Math.Min(entries, header.IndexCount);
    }

    /// <summary>Returns the number of the first entry that is not there any more; 0 for a file of which nothing is left.</summary>
    private int Cut(IStoreFile file, long name, long durableOffset, IndexPosition durable)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.HeaderBytes];
        if (file.Read(bytes, 0) < bytes.Length)
        {
            return 0;
        }

        IndexHeader header = IndexHeader.Read(bytes);
        int onDisk = Math.Min(EntriesOnDisk(header, name, durableOffset, durable), options.IndexEntries);
        int count = FindFirst(file, onDisk, durableOffset);
        if (count <= 1)
        {
            return 0;
        }

        using SlotTable slots = new(options.IndexSlots, file);
        CutSlots(slots, file, count, onDisk);
        bool hasChanged = WriteSlots(slots, file);
        if (header.IndexCount != count)
        {
            IndexEntry last = ReadEntry(file, count - 1);
            IndexHeader cut = header with
            {
                EndPhysicalOffset = last.PhysicalOffset,
                EndTimestamp = EndTimestamp(header, last, count),
                UsedSlots = slots.CountUsed(),
                IndexCount = count,
            };
            cut.Write(bytes);
            file.Write(bytes, 0);
            hasChanged = true;
        }

        if (hasChanged)
        {
            file.FlushData();
            LogCut(name, count - 1);
        }

        return count;
    }

    /// <summary>
    /// Leads slots back over the entries that go, as each entry on the disk knows the one before it in its chain. A slot that names an
    /// entry which perhaps never came to the disk says nothing of those before: then all slots are made again.
    /// </summary>
    private static void CutSlots(SlotTable slots, IStoreFile file, int count, int onDisk)
    {
        slots.Load();
        if (slots.FindHighest() < onDisk)
        {
            slots.TakeBack(file, count, onDisk);
            return;
        }

        slots.Clear();
        slots.PutAgain(file, 1, count);
    }

    private static bool WriteSlots(SlotTable slots, IStoreFile file)
    {
        Span<byte> run = new byte[16 * SlotTable.PageBytes];
        bool hasWritten = false;
        int page = 0;
        while (slots.TakeChanged(ref page, run) is var bytes and > 0)
        {
            file.Write(run[..bytes], SlotTable.PositionOf(page));
            page += SlotTable.PagesOf(bytes);
            hasWritten = true;
        }

        return hasWritten;
    }

    /// <summary>Entries know no more than the second: its end is no earlier than the message. The first entry's distance is to the file before (<see cref="IndexFile.Put"/>).</summary>
    private static long EndTimestamp(in IndexHeader header, in IndexEntry last, int count) =>
        count == 2 ? header.BeginTimestamp : Math.Min(header.EndTimestamp, header.BeginTimestamp + (last.SecondsSinceBegin * 1000L) + 999);

    /// <summary>The first of the entries before <paramref name="end"/> whose message lies at or behind an offset; that number without one. Entries are in the order of the log.</summary>
    private int FindFirst(IStoreFile file, int end, long physicalOffset)
    {
        int low = 1;
        int high = end;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (ReadEntry(file, middle).PhysicalOffset < physicalOffset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Reads an entry; returns one behind everything where the file is shorter than it was.</summary>
    private IndexEntry ReadEntry(IStoreFile file, int number)
    {
        Span<byte> bytes = stackalloc byte[IndexLayout.EntryBytes];
        return file.Read(bytes, IndexLayout.EntryAt(options.IndexSlots, number)) == bytes.Length ? IndexEntry.Read(bytes) : new IndexEntry(0, long.MaxValue, 0, 0);
    }

    [LoggerMessage(EventId = 2204, Level = LogLevel.Information, Message = "Index file {Name} was cut to its first {Entries} keys, those of messages before the durable point; the others are indexed again from the log")]
    private partial void LogCut(long name, int entries);

    [LoggerMessage(EventId = 2205, Level = LogLevel.Information, Message = "Index file {Name} has no keys of messages before the durable point and is deleted; they are indexed again from the log")]
    private partial void LogDeleted(string name);
}
