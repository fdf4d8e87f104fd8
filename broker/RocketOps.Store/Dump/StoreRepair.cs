using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Dump;

/// <summary>
/// Mends a store that does not run, as the next start of its broker would: that start is done here, and then a clean stop. One thread at a
/// time.
/// </summary>
public sealed class StoreRepair
{
    /// <summary>File of a member of an elected group, whose own start judges by the last end what the member may have lost.</summary>
    private const string MemberFile = "memberState";

    private readonly IStoreFileSystem _files;
    private readonly string _root;
    private readonly string? _commitLog;
    private readonly int? _indexSlots;
    private readonly TimeProvider _time;

    /// <summary>Makes it for the store below <paramref name="root"/>.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="root">The store's directory.</param>
    /// <param name="commitLog">Directory of the log (<c>storePathCommitLog</c>); null for <c>commitlog</c> below the root.</param>
    /// <param name="indexSlots"><c>maxHashSlotNum</c>; null for what the length of index files tells.</param>
    /// <param name="time">The clock.</param>
    public StoreRepair(IStoreFileSystem files, string root, string? commitLog, int? indexSlots, TimeProvider time)
    {
        _files = files;
        _root = root;
        _commitLog = commitLog;
        _indexSlots = indexSlots;
        _time = time;
    }

    private bool HasAbort => _files.FileExists(Path.Combine(_root, "abort"));

    /// <summary>Says what is wrong and would be done. Changes nothing. Throws <see cref="StoreIOException"/> when the disk fails.</summary>
    public RepairPlan Plan(CancellationToken cancellationToken)
    {
        StoppedStore stopped = new(_files, _root, _commitLog, _indexSlots);
        StartForecast start = stopped.Foresee(cancellationToken);
        string? refusal = start.Refusal
            ?? (stopped.UnknownIndex is not null ? "its index files have a maxHashSlotNum of their own: give it as --index-slots"
            : !stopped.KnowsQueueSizes
                ? "it has no files of queues and no inventory, and the length of the files that its broker makes stands in the broker's "
                + "configuration alone. Start the broker: it mends the same"
            : !stopped.KnowsIndexSizes
                ? "it has no index files, and the length of those that its broker makes stands in the broker's configuration alone. "
                + "Start the broker: it mends the same"
            : _files.FileExists(Path.Combine(_root, MemberFile))
                ? "it belongs to a member of an elected group. Start the member: it mends the same, and tells its group what it may have lost"
            : null);
        List<StoreFinding> findings = [.. start.Findings.Skip(start.Refusal is null ? 0 : 1)];
        return new RepairPlan(findings, refusal, stopped.CommitLog, start.Found?.ReadFrom ?? 0, Path.Combine(_root, "damaged"), !HasAbort);
    }

    /// <summary>
    /// Mends the store. Returns what was done, one sentence each. Throws <see cref="StoreException"/> when a broker uses the store, or it
    /// cannot be mended, with the reason.
    /// </summary>
    /// <param name="batchTopics">Asked once the store is locked: topics with batch consume queues.</param>
    /// <param name="deletions">Asked at the same moment: deletions of topics (<see cref="MessageStore.Deletions"/>).</param>
    /// <param name="cancellationToken">Ends the work. What is done by then stays, and the next start or repair goes on with it.</param>
    public async Task<IReadOnlyList<string>> RunAsync(
        Func<IReadOnlySet<string>> batchTopics, Func<IReadOnlyDictionary<string, ToldDeletion>> deletions,
        CancellationToken cancellationToken)
    {
        RepairPlan plan = Plan(cancellationToken);
        if (plan.Refusal is not null)
        {
            throw new StoreException($"{_root} cannot be repaired: {plan.Refusal}");
        }

        using StartTexts texts = new();
        StoreOptions options = new StoppedStore(_files, _root, _commitLog, _indexSlots).Options();
        await using (MessageStore store = new(options, _files, _time, texts, hasThreads: false))
        {
            // The log may be a copy of a master's, in which a topic may begin anew; and no file is wanted for a first message.
            store.RefuseMessages();
            store.BatchTopics = batchTopics;
            store.Deletions = deletions;
            await store.StartAsync(cancellationToken);
        }

        if (HasAbort)
        {
            IEnumerable<string> errors = texts.All.Where(static text => text.Level >= LogLevel.Error).Select(static text => text.Text);
            throw new StoreException($"{_root} was read, but not closed: {string.Join(' ', errors)}");
        }

        return [.. texts.All.Select(static text => text.Text)];
    }
}

/// <summary>Plan of a repair.</summary>
/// <param name="Findings">What is wrong, and what becomes of it.</param>
/// <param name="Refusal">Why nothing can be done; null when it can.</param>
/// <param name="CommitLog">Directory of the log.</param>
/// <param name="ReadFrom">Offset of the log from which on it is read.</param>
/// <param name="DamagedDirectory">Where queues go that are moved away, and what lies behind damage in the log.</param>
/// <param name="IsClean">The last stop was clean: where nothing is found wrong, nothing is to be done.</param>
public sealed record RepairPlan(
    IReadOnlyList<StoreFinding> Findings, string? Refusal, string CommitLog, long ReadFrom, string DamagedDirectory, bool IsClean)
{
    /// <summary>There is nothing to be done.</summary>
    public bool IsEmpty => Refusal is null && IsClean && Findings.Count == 0;
}
