using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Compares the queues on the disk with the inventory and with the log, before anything is served. A queue that is as the inventory says
/// costs two reads; only the others are looked at more closely: units that point behind the log or to another message than theirs are cut
/// off, a queue that lacks its beginning is set aside, and the result says from where on the log has to be read to complete all queues.
/// Used before topics are loaded; one thread.
/// </summary>
internal sealed partial class QueueCheck
{
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private readonly QueueEnvironment _environment;
    private readonly InventoryContent _inventory;
    private readonly long _cutAt;
    private readonly bool _knowsNothing;
    private readonly bool _expects;
    private readonly ILogger _logger;
    private readonly QueueFolders _folders;
    private readonly Dictionary<QueueName, QueuePlace> _places = [];
    private readonly HashSet<QueueName> _setAside = [];
    private readonly HashSet<(bool IsBatch, string Topic)> _goOn = [];
    private readonly HashSet<string> _unsyncedDirectories = [];

    /// <param name="files">The disk.</param>
    /// <param name="segments">The log.</param>
    /// <param name="environment">What queues have in common.</param>
    /// <param name="inventory">What is compared with; one that is empty knows nothing.</param>
    /// <param name="cutAt">
    /// Units of records at or behind it are cut off later, as a power cut may have torn them; the end of the log's files when none are.
    /// </param>
    /// <param name="knowsNothing">All of the log is read afterwards: a queue that may lack its beginning is made again.</param>
    /// <param name="expects">
    /// The inventory belongs to the checkpoint: it says what queues there are. Otherwise another program wrote last, which may have deleted
    /// topics: what the inventory says counts for topics of which a queue is still there as it says.
    /// </param>
    /// <param name="logger">The store's.</param>
    public QueueCheck(
        IStoreFileSystem files, LogSegments segments, QueueEnvironment environment, InventoryContent inventory, long cutAt,
            bool knowsNothing, bool expects, ILogger logger)
    {
        _files = files;
        _segments = segments;
        _environment = environment;
        _inventory = inventory;
        _cutAt = cutAt;
        _knowsNothing = knowsNothing;
        _expects = expects;
        _logger = logger;
        _folders = new QueueFolders(files, segments, inventory);
    }

    /// <summary>Looks at all queues.</summary>
    /// <param name="trustsLog">
    /// The log is the one the inventory speaks of, as far as that goes: a queue that is as it says needs no look at the log.
    /// </param>
    /// <param name="cancellationToken">Ends the look.</param>
    public QueueFindings Run(bool trustsLog, CancellationToken cancellationToken)
    {
        Findings findings = new();
        CheckKind(_environment, trustsLog, findings, cancellationToken);
        if (_environment.Batch is { } batch)
        {
            CheckKind(batch, trustsLog, findings, cancellationToken);
        }

        if (!_knowsNothing)
        {
            LookForMissing(findings);
        }

        if (!_expects && !_places.Keys.Any(static name => !name.IsBatch))
        {
            // RocketMQ goes by the largest offset that any queue names, also by that of a batch topic.
            findings.CompleteFrom(_segments.MinOffset);
        }

        foreach (string directory in _unsyncedDirectories)
        {
            _files.FlushDirectory(directory);
        }

        if (findings.Untold > 0)
        {
            LogMore(findings.Untold);
        }

        return new QueueFindings(_places, findings.RebuildFrom, findings.LastRecord, findings.HasChanged || !_expects, findings.All);
    }

    private void CheckKind(QueueEnvironment environment, bool trustsLog, Findings findings, CancellationToken cancellationToken)
    {
        foreach (TopicFolder topic in _folders.Look(environment, compares: _expects && trustsLog, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string directory = Path.Combine(environment.Directory, topic.Name);
            int removed = 0;
            foreach (QueueFolder queue in topic.Queues)
            {
                if (queue.IsAsExpected && _inventory.Told?.AreNewerFor(topic.Name) != true)
                {
                    QueuePlace place = queue.Expected!.Value;
                    _places[queue.Name] = place;
                    findings.See(place.LastPhysicalOffset);
                    continue;
                }

                if (!Compare(environment, queue.Name, _knowsNothing ? null : queue.Expected, findings))
                {
                    removed++;
                }
            }

            if (removed > 0 && removed == topic.Entries)
            {
                _files.DeleteDirectory(directory);
                _unsyncedDirectories.Remove(directory);
                _unsyncedDirectories.Add(environment.Directory);
            }
        }
    }

    private void LookForMissing(Findings findings)
    {
        foreach ((QueueName name, QueuePlace place) in _inventory.Queues)
        {
            if (_places.ContainsKey(name) || place.End <= place.First)
            {
                continue;
            }

            if (place.LastPhysicalOffset < _segments.MinOffset)
            {
                if (_expects)
                {
                    KeepEnd(name.IsBatch ? _environment.Batch! : _environment, name, place.End, findings);
                }
            }
            else if (_expects || _goOn.Contains((name.IsBatch, name.Topic)))
            {
                findings.CompleteFrom(_segments.MinOffset);
                if (!_setAside.Contains(name) && findings.MayTell(new QueueFinding(name, QueueMend.MadeAgain, 0, place.End)))
                {
                    LogMissing(name.QueueId, name.Topic, place.End);
                }
            }
        }
    }

    /// <summary>Looks at a queue closely. False when it is no queue any more: its topic was being deleted.</summary>
    private bool Compare(QueueEnvironment environment, in QueueName name, QueuePlace? expected, Findings findings)
    {
        QueueFiles files = QueueFolders.FilesOf(environment, name);
        try
        {
            files.List();
            if (files.Starts.IsEmpty)
            {
                return true;
            }

            files.CheckLengths();
            long end = EndOf(files);
            if (!expected.HasValue && DeletionBehind(name.Topic, files, end) is not null)
            {
                files.Delete();
                _unsyncedDirectories.Add(Path.Combine(environment.Directory, name.Topic));
                findings.HasChanged = true;
                findings.Add(new QueueFinding(name, QueueMend.Removed, 0, end));
                LogDeletionFinished(name.QueueId, name.Topic);
                return false;
            }

            CompareUnits(environment, name, files, end, expected, findings);
            return true;
        }
        finally
        {
            files.CloseAll();
        }
    }

    private void CompareUnits(QueueEnvironment environment, in QueueName name, QueueFiles files, long end, QueuePlace? expected,
        Findings findings)
    {
        long first = files.Starts[0];
        bool lacksBeginning = files.HasHole || (_knowsNothing && first > 0 && BeginsWithinLog(files, end))
            || (expected is { } place && first > place.First && !_folders.HasExpired(files, place.First));
        long right = lacksBeginning ? first : RightUntil(environment, name, files, end);
        long? deletedAt = DeletionBehind(name.Topic, files, right);
        bool hasExpired = _expects && expected is { } all && right < all.End && all.LastPhysicalOffset < _segments.MinOffset;
        if (lacksBeginning || deletedAt is not null || hasExpired || (right == first && end > first))
        {
            string aside = files.SetAside();
            _setAside.Add(name);
            findings.HasChanged = true;
            if (!hasExpired)
            {
                findings.CompleteFrom(Math.Max(_segments.MinOffset, deletedAt ?? 0));
            }

            if (findings.MayTell(new QueueFinding(name, QueueMend.SetAside, first, end)))
            {
                LogSetAside(name.QueueId, name.Topic, aside);
            }

            return;
        }

        if (right < end)
        {
            files.ZeroFrom(right);
            findings.HasChanged = true;
            if (findings.MayTell(new QueueFinding(name, QueueMend.Cut, right, end)))
            {
                LogCut(name.QueueId, name.Topic, right, end);
            }
        }

        files.Flush(_unsyncedDirectories);
        ConsumeQueueUnit last = QueueSearch.LastUnit(files, right);
        QueuePlace found = new(first, right, last.IsWritten ? last.PhysicalOffset : -1);
        _places[name] = found;
        findings.See(found.LastPhysicalOffset);
        if (expected is not { } wanted)
        {
            // The inventory does not know it: written after it was told, or another store's that points into this log.
            findings.HasChanged |= _expects;
            return;
        }

        findings.HasChanged |= found != wanted;
        bool goesOn = wanted.End > wanted.First && files.TryReadUnit(wanted.End - 1, out ConsumeQueueUnit unit)
            && unit.PhysicalOffset == wanted.LastPhysicalOffset;
        if (goesOn)
        {
            _goOn.Add((name.IsBatch, name.Topic));
        }

        bool isComplete = wanted.End <= wanted.First || ((right >= wanted.End || wanted.LastPhysicalOffset >= _cutAt) && (goesOn || !_expects));
        if (!isComplete)
        {
            findings.CompleteFrom(last.IsWritten ? Math.Max(_segments.MinOffset, last.End) : _segments.MinOffset);
            if (findings.MayTell(new QueueFinding(name, QueueMend.Completed, right, wanted.End)))
            {
                LogIncomplete(name.QueueId, name.Topic, right, wanted.End);
            }
        }
    }

    private bool BeginsWithinLog(QueueFiles files, long end)
    {
        for (long index = files.Starts[0]; index < end && files.TryReadUnit(index, out ConsumeQueueUnit unit); index++)
        {
            if (!unit.IsFiller)
            {
                return unit.PhysicalOffset > _segments.MinOffset;
            }
        }

        return false;
    }

    private long EndOf(QueueFiles files)
    {
        long logEnd = _segments.EndOffset;
        long end = QueueSearch.FindEnd(files, _cutAt);
        return _cutAt >= logEnd && files.TryReadUnit(end, out _) ? QueueSearch.FindEndBehindDamage(files, end, logEnd) : end;
    }

    /// <summary>Returns the offset that the topic was deleted at, where all units of the queue are from before; otherwise null.</summary>
    private long? DeletionBehind(string topic, QueueFiles files, long end) =>
        QueueSearch.LastUnit(files, end) is { IsWritten: true } last ? _inventory.DeletionBehind(topic, last.PhysicalOffset) : null;

    /// <summary>
    /// Finds how many of the units are right. In an older or newer copy of the queue they are from the beginning on up to some place, which
    /// is found by halves; in any other the first one is wrong.
    /// </summary>
    private long RightUntil(QueueEnvironment environment, in QueueName name, QueueFiles files, long end)
    {
        long first = files.Starts[0];
        UnitTarget target = new(_segments, environment, name);
        if (end == first)
        {
            return end;
        }

        if (!QueueFolders.AreInOrder(files, end))
        {
            return first;
        }

        if (_knowsNothing)
        {
            // All of the log is read; units of a store that went on from a copy of this one may be anywhere.
            long index = first;
            while (index < end && target.IsRight(files, index))
            {
                index++;
            }

            return index;
        }

        if (target.IsRight(files, end - 1))
        {
            return end;
        }

        if (!StartsRight(target, files, end))
        {
            return first;
        }

        long low = first;
        long high = end;

        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (target.IsRight(files, middle))
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

    /// <summary>
    /// Makes a queue whose messages have all expired once more, empty, so that new messages do not get offsets that were given before.
    /// </summary>
    private void KeepEnd(QueueEnvironment environment, in QueueName name, long end, Findings findings)
    {
        findings.HasChanged = true;
        if (environment.IsBatch)
        {
            // Its offsets are in its units, and there is none to keep.
            return;
        }

        QueueFiles files = QueueFolders.FilesOf(environment, name);
        long first = end - (end % environment.UnitsPerFile);
        byte[] filler = new byte[(end - first) * ConsumeQueueUnit.Size];
        for (int at = 0; at < filler.Length; at += ConsumeQueueUnit.Size)
        {
            ConsumeQueueUnit.Filler.Write(filler.AsSpan(at));
        }

        files.Write(first, filler);
        files.Flush(_unsyncedDirectories);
        files.CloseAll();
        _places[name] = new QueuePlace(first, end, -1);
        if (findings.MayTell(new QueueFinding(name, QueueMend.EndKept, end, end)))
        {
            LogEndKept(name.QueueId, name.Topic, end);
        }
    }

    /// <summary>The first unit that is no filler is right, as far as the log still has its record.</summary>
    private static bool StartsRight(UnitTarget target, QueueFiles files, long end)
    {
        long first = files.Starts[0];
        while (first < end && files.TryReadUnit(first, out ConsumeQueueUnit unit) && unit.IsFiller)
        {
            first++;
        }

        return first < end && target.IsRight(files, first);
    }

    [LoggerMessage(EventId = 2431, Level = LogLevel.Warning, Message = "Queue {QueueId} of {Topic} has units from {Right} to {End} that point behind the log or to other "
        + "messages than its own: they are cut off. Files of the queue are newer than the commit log, or another store's")]
    private partial void LogCut(int queueId, string topic, long right, long end);

    [LoggerMessage(EventId = 2432, Level = LogLevel.Warning, Message = "Queue {QueueId} of {Topic} ends at {End}, but had {Expected} messages at the last stop: files of it are "
        + "missing, or are not of that time. The broker reads the log to complete it")]
    private partial void LogIncomplete(int queueId, string topic, long end, long expected);

    [LoggerMessage(EventId = 2433, Level = LogLevel.Warning, Message = "Queue {QueueId} of {Topic} is missing; it ended at {Expected} at the last stop. The broker reads the log "
        + "to make it again")]
    private partial void LogMissing(int queueId, string topic, long expected);

    [LoggerMessage(EventId = 2434, Level = LogLevel.Warning, Message = "Queue {QueueId} of {Topic} lacks files in its row, or holds units of other messages than its own: it is "
        + "moved to {Aside}, and the broker reads the log to make it again")]
    private partial void LogSetAside(int queueId, string topic, string aside);

    [LoggerMessage(EventId = 2435, Level = LogLevel.Information, Message = ""
        + "Removed queue {QueueId} of {Topic}: the topic was deleted, and the last stop interrupted that")]
    private partial void LogDeletionFinished(int queueId, string topic);

    [LoggerMessage(EventId = 2437, Level = LogLevel.Warning, Message = "Queue {QueueId} of {Topic} is missing or older than the store; all of its messages have expired. It is made "
        + "again, empty, and goes on at {End}")]
    private partial void LogEndKept(int queueId, string topic, long end);

    [LoggerMessage(EventId = 2436, Level = LogLevel.Warning, Message = ""
        + "{Queues} more queues lack messages or have units that are wrong, like those named before")]
    private partial void LogMore(int queues);

    private sealed class Findings
    {
        private const int MostTold = 20;

        private readonly List<QueueFinding> _all = [];
        private int _told;

        public long RebuildFrom { get; private set; } = long.MaxValue;

        public long LastRecord { get; private set; } = -1;

        /// <summary>Changes of queues, in the order they were found.</summary>
        public IReadOnlyList<QueueFinding> All => _all;

        /// <summary>Queues with findings that were not told one by one.</summary>
        public int Untold { get; private set; }

        public bool HasChanged { get; set; }

        public void Add(in QueueFinding finding) => _all.Add(finding);

        /// <summary>The first few queues are told by name.</summary>
        public bool MayTell(in QueueFinding finding)
        {
            Add(finding);
            if (_told < MostTold)
            {
                _told++;
                return true;
            }

            Untold++;
            return false;
        }

        public void See(long lastPhysicalOffset) => LastRecord = Math.Max(LastRecord, lastPhysicalOffset);

        public void CompleteFrom(long offset)
        {
            RebuildFrom = Math.Min(RebuildFrom, offset);
            HasChanged = true;
        }
    }
}

/// <summary>Result of a <see cref="QueueCheck"/>.</summary>
/// <param name="Places">The queues there are, as they are now.</param>
/// <param name="RebuildFrom">
/// Offset of the log from which on queues lack messages; <see cref="long.MaxValue"/> when none is known to lack any.
/// </param>
/// <param name="LastRecord">Offset of the last record that a queue points to; −1 without one.</param>
/// <param name="HasChanged">The inventory does not say what there is.</param>
/// <param name="Mended">What is wrong with queues, and done to them.</param>
internal sealed record QueueFindings(
    IReadOnlyDictionary<QueueName, QueuePlace> Places, long RebuildFrom, long LastRecord, bool HasChanged,
        IReadOnlyList<QueueFinding> Mended);

/// <summary>Something that a start finds wrong with a queue, and does to it.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Mend">What is done.</param>
/// <param name="At">First unit that is not right, or is missing.</param>
/// <param name="End">Behind the last unit that the queue has, or had at the last stop where it is missing or older.</param>
internal readonly record struct QueueFinding(QueueName Name, QueueMend Mend, long At, long End);

/// <summary>Treatment of a queue by a start.</summary>
internal enum QueueMend
{
    /// <summary>Its units from one on go.</summary>
    Cut,

    /// <summary>It gets from the log what it lacks at its end.</summary>
    Completed,

    /// <summary>It is missing, and made from the log.</summary>
    MadeAgain,

    /// <summary>It is moved to the folder of damaged files, and made from the log.</summary>
    SetAside,

    /// <summary>Its topic was deleted, and its files go.</summary>
    Removed,

    /// <summary>All of its messages have expired: it is made again, empty, and goes on at its end.</summary>
    EndKept,
}
