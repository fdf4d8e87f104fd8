using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Recovery;

namespace RocketOps.Store.Dump;

/// <summary>
/// A store that does not run, as its next start would find it. The lengths of its files are taken from the files, so that no configuration
/// is needed.
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="root">The store's directory.</param>
/// <param name="commitLog">That of its log; null for <c>commitlog</c> below the root.</param>
/// <param name="indexSlots"><c>maxHashSlotNum</c> of a broker that has one of its own; null for what the length of the files tells.</param>
internal sealed class StoppedStore(IStoreFileSystem files, string root, string? commitLog, int? indexSlots)
{
    /// <summary>Texts that name queues one by one: those are told by <see cref="StoreForecast.Queues"/>, all of them.</summary>
    private static readonly int[] QueueEvents = [2431, 2432, 2433, 2434, 2435, 2436];

    public string CommitLog => commitLog ?? Path.Combine(root, "commitlog");

    /// <summary>Length and number of the index files whose slots are not known; null when there is none.</summary>
    public (long Length, int Files)? UnknownIndex { get; private set; }

    /// <summary>Queue files of the right length can be made.</summary>
    public bool KnowsQueueSizes { get; private set; }

    /// <summary>Index files of the right length can be made.</summary>
    public bool KnowsIndexSizes { get; private set; }

    /// <summary>Slots of an index file, where they are known.</summary>
    public int IndexSlots { get; private set; }

    /// <summary>Settings to open it with. No message can be appended with them but small ones.</summary>
    public StoreOptions Options()
    {
        StoreLayout layout = StoreLayout.Find(files, root, CommitLog, volumeBytes: 1);
        InventoryContent known = StoreInventory.Read(files, root, -1);
        long logBytes = Lengths(CommitLog).DefaultIfEmpty(0).Max();
        List<long> index = [.. IndexFolder.List(files, Path.Combine(root, "index"))
            .Select(name => LengthOf(Path.Combine(root, "index", name)))
            .Where(static length => length >= IndexLayout.HeaderBytes)];
        int? toldQueueBytes = known.Id != 0 ? known.QueueFileBytes : QueueBytes("consumequeue", ConsumeQueueUnit.Size);
        KnowsQueueSizes = toldQueueBytes is not null || logBytes == 0;
        int queueBytes = toldQueueBytes ?? layout.ConsumeQueueFileBytes;
        IEnumerable<StoreLayout> candidates = [layout, StoreLayout.Default];

        // Without a file the queues tell: the lengths of both are chosen together where none is configured.
        (int Slots, int Entries)? sizes = index.Count == 0
            ? queueBytes == StoreLayout.Default.ConsumeQueueFileBytes ? (StoreLayout.Default.IndexSlots, StoreLayout.Default.IndexEntries)
            : queueBytes == layout.ConsumeQueueFileBytes ? (layout.IndexSlots, layout.IndexEntries)
            : null
            : indexSlots is { } given ? (given, EntriesOf(index[0], given))
            : candidates.Where(each => IndexLayout.FileBytes(each.IndexSlots, each.IndexEntries) == index[0])
                .Select(static each => ((int, int)?)(each.IndexSlots, each.IndexEntries)).FirstOrDefault();
        KnowsIndexSizes = sizes is not null;
        UnknownIndex = sizes is null && index.Count > 0 ? (index[0], index.Count) : null;
        IndexSlots = sizes?.Slots ?? layout.IndexSlots;
        return new StoreOptions
        {
            RootDirectory = root,
            CommitLogDirectory = commitLog,
            CommitLogFileBytes = logBytes is >= 4096 and <= int.MaxValue ? (int)logBytes : layout.CommitLogFileBytes,
            ConsumeQueueFileBytes = queueBytes,
            BatchConsumeQueueFileBytes = known.Id != 0
                ? known.BatchQueueFileBytes
                : QueueBytes("batchconsumequeue", BatchUnit.Size) ?? layout.BatchConsumeQueueFileBytes,
            IndexEnabled = UnknownIndex is null,
            IndexSlots = IndexSlots,
            IndexEntries = sizes?.Entries ?? layout.IndexEntries,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            UsualTailBytes = 32 * 1024,
            DescribedMessages = 0,
            ReadBlocks = 0,
        };
    }

    /// <summary>Asks the code of a start what it would do. Changes nothing.</summary>
    public StartForecast Foresee(CancellationToken cancellationToken)
    {
        using StartTexts texts = new();
        KeptFileSystem kept = new(files);
        StoreForecast? found = null;
        string? refusal = null;
        StoreOptions options = Options();
        try
        {
            found = new MessageStore(options, kept, TimeProvider.System, texts, hasThreads: false).Foresee(cancellationToken);
        }
        catch (StoreException e)
        {
            bool hasNoLog = commitLog is null && !Lengths(CommitLog).Any();
            refusal = hasNoLog ? $"{e.Message} If the log lies elsewhere, give its folder as --commit-log." : e.Message;
        }

        List<StoreFinding> findings = [];
        if (refusal is not null)
        {
            findings.Add(new StoreFinding(StoreFindingKind.Damage, "next start", $"is refused: {refusal}"));
        }

        findings.AddRange((found?.Queues ?? []).Select(FindingOf).OfType<StoreFinding>());
        IEnumerable<StartText> told = texts.All.Where(static text => text.Level >= LogLevel.Warning && !QueueEvents.Contains(text.Event));
        findings.AddRange(told.Select(static text => new StoreFinding(
            text.Level == LogLevel.Error ? StoreFindingKind.Damage : StoreFindingKind.Repairable, "next start", text.Text)));
        if (found is { FinishesCut: true })
        {
            findings.Add(new StoreFinding(
                StoreFindingKind.Repairable, "truncation", "the last stop has interrupted a cut of the log: the next start finishes it"));
        }

        return new StartForecast(found, findings, kept.Deleted, refusal);
    }

    private static StoreFinding? FindingOf(QueueFinding finding)
    {
        string where = $"queue {finding.Name.QueueId} of {finding.Name.Topic}";
        string? what = finding.Mend switch
        {
            QueueMend.Cut =>
                $"its units from {finding.At} to {finding.End} point behind the log or to other messages than its own: the next start cuts them off",
            QueueMend.Completed =>
                $"ends at {finding.At}, but had {finding.End} messages at the last stop: the next start completes it from the log",
            QueueMend.MadeAgain =>
                $"is missing; it ended at {finding.End} at the last stop: the next start makes it again from the log",
            QueueMend.EndKept =>
                $"is missing or older, and all of its messages have expired: the next start makes it again, empty, to go on at {finding.End}",
            QueueMend.SetAside =>
                "lacks files in its row, or has units of other messages than its own: the next start moves it to damaged/ and makes it again "
                + "from the log",
            _ => null,
        };
        return what is null ? null : new StoreFinding(StoreFindingKind.Repairable, where, what);
    }

    /// <summary>Entries of an index file of that length.</summary>
    private static int EntriesOf(long length, int slots) =>
        (int)Math.Clamp((length - IndexLayout.HeaderBytes - ((long)slots * IndexLayout.SlotBytes)) / IndexLayout.EntryBytes, 2, int.MaxValue);

    /// <summary>Length of the files of a kind of queue; null where there is none that tells.</summary>
    private int? QueueBytes(string kind, int unitBytes)
    {
        string directory = Path.Combine(root, kind);
        long length = (
            from topic in files.List(directory)
            where topic.IsDirectory
            from queue in files.List(Path.Combine(directory, topic.Name))
            where queue.IsDirectory
            from bytes in Lengths(Path.Combine(directory, topic.Name, queue.Name))
            where bytes > 0
            select bytes).FirstOrDefault();
        return length >= unitBytes && length <= int.MaxValue && length % unitBytes == 0 ? (int)length : null;
    }

    private IEnumerable<long> Lengths(string directory) => files.List(directory)
        .Where(static entry => !entry.IsDirectory && entry.Name.Length == 20 && entry.Name.All(char.IsAsciiDigit))
        .Select(entry => LengthOf(Path.Combine(directory, entry.Name)));

    private long LengthOf(string path)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        return file.Length;
    }
}

/// <summary>Findings of the next start of a store, and what it does.</summary>
/// <param name="Found">What it found; null when it is refused.</param>
/// <param name="Findings">The same as findings, and why it is refused.</param>
/// <param name="Deleted">Files that it deletes.</param>
/// <param name="Refusal">Why it does not start; null when it does.</param>
internal sealed record StartForecast(
    StoreForecast? Found, IReadOnlyList<StoreFinding> Findings, IReadOnlySet<string> Deleted, string? Refusal);
