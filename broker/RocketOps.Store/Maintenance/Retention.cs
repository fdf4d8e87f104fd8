using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// Watches the disk, and removes log files by age and need (store.md §6): expired ones in the nightly hours or when the disk fills up, the oldest whatever its
/// age when it is nearly full. Never the newest file, and never one whose messages are not dispatched or not durable. Who reads a removed file reads on.
/// </summary>
internal sealed partial class Retention
{
    /// <summary>Files removed in one run at most, so that a run does not become a burst of disk work. Others count on it: <c>MessageStore.MostFilesOfRun</c>.</summary>
    internal const int MaxFilesPerRun = 10;

    private readonly StoreOptions _options;
    private readonly CurrentTuning _tuning;
    private readonly IStoreFileSystem _files;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private int _manualRuns;
    private int _usedPercent = -1;
    private long _availableBytes = -1;
    private string _lastRemoved = string.Empty;
    private volatile IRemovalObserver? _observer;

    public Retention(StoreOptions options, CurrentTuning tuning, IStoreFileSystem files, CommitLog log, Dispatcher dispatcher, StoreTopicTable topics, MessageIndex? index, StoreState state, TimeProvider time, ILogger logger)
    {
        _options = options;
        _tuning = tuning;
        _files = files;
        _log = log;
        _dispatcher = dispatcher;
        _topics = topics;
        _index = index;
        _state = state;
        _time = time;
        _logger = logger;
    }

    /// <summary>Share of the disk in use, 0 to 1; −1 before the first look.</summary>
    public double DiskUsedRatio => Volatile.Read(ref _usedPercent) is var percent and >= 0 ? percent / 100.0 : -1;

    /// <summary>Told of what was removed; null for none.</summary>
    public IRemovalObserver? Observer
    {
        get => _observer;
        set => _observer = value;
    }

    /// <summary>Bytes of the disk this process may still use; −1 before the first look.</summary>
    public long DiskAvailableBytes => Volatile.Read(ref _availableBytes);

    /// <summary>The next <paramref name="runs"/> runs remove expired files whatever the hour is. Thread-safe.</summary>
    public void RunManually(int runs) => Volatile.Write(ref _manualRuns, runs);

    public void Run()
    {
        try
        {
            CheckDisk();
            if (RemoveExpired() > 0)
            {
                RemovePointers();
            }
        }
        catch (StoreIOException e)
        {
            // Nothing is lost by a file that could not go; the next run tries again.
            LogRunFailed(e);
        }
    }

    public void CheckDisk()
    {
        StoreTuning tuning = _tuning.Value;
        DiskSpace space = _files.GetDiskSpace(_options.CommitLogPath);
        Volatile.Write(ref _usedPercent, space.UsedPercent);
        Volatile.Write(ref _availableBytes, space.AvailableBytes);
        if (space.UsedPercent > tuning.DiskWarningRatio && space.AvailableBytes < tuning.DiskWarningBytes)
        {
            _state.SetDiskFull(
                DiskShortage.AboveLimit,
                $"{space.UsedPercent} % of the disk below {_options.CommitLogPath} are used, more than diskSpaceWarningLevelRatio {tuning.DiskWarningRatio}, and {space.AvailableBytes} bytes are free");
        }
        else if (!_log.Room.HasReserved && space.AvailableBytes < _log.Room.NextStepBytes)
        {
            _state.SetDiskFull(DiskShortage.NoRoomForLog, $"the next {_log.Room.NextStepBytes} bytes of the log do not fit on the disk below {_options.CommitLogPath}, where {space.AvailableBytes} are free");
        }
        else if (!_state.IsOutOfSpace)
        {
            _state.ClearDiskFull();
        }
    }

    /// <summary>
    /// Says once, after the first look at the disk, when it is above a limit of retention already: files then go sooner than their age
    /// would have them.
    /// </summary>
    public void WarnOfLimits()
    {
        StoreTuning tuning = _tuning.Value;
        if (tuning.CleanFilesForcibly && _usedPercent > tuning.DiskCleanForciblyRatio && _availableBytes < tuning.DiskCleanForciblyBytes)
        {
            LogAboveForcible(tuning.DiskCleanForciblyRatio, _usedPercent, _options.CommitLogPath);
        }
        else if (_usedPercent > tuning.DiskMaxUsedRatio)
        {
            LogAboveMaxUsed(tuning.DiskMaxUsedRatio, _usedPercent, _options.CommitLogPath, tuning.FileReservedHours);
        }
    }

    private int RemoveExpired()
    {
        // One state of the settings for the whole run.
        StoreTuning tuning = _tuning.Value;
        int used = _usedPercent;
        bool inHours = tuning.DeleteHours.Contains(_time.GetLocalNow().Hour);
        bool atOnce = tuning.CleanFilesForcibly && used > tuning.DiskCleanForciblyRatio && _availableBytes < tuning.DiskCleanForciblyBytes;
        bool manual = Volatile.Read(ref _manualRuns) > 0;
        if (manual)
        {
            Interlocked.Decrement(ref _manualRuns);
        }

        if (!inHours && !manual && !atOnce && used <= tuning.DiskMaxUsedRatio)
        {
            return 0;
        }

        int removed = 0;
        DateTimeOffset expiry = _time.GetUtcNow() - TimeSpan.FromHours(tuning.FileReservedHours);
        while (removed < MaxFilesPerRun && _log.Segments.All is [var first, _, ..])
        {
            long end = first.BaseOffset + _log.Segments.FileBytes;
            if (end > _dispatcher.Dispatched || end > _log.Durable || (!atOnce && _files.GetLastWriteTime(first.File.Path) > expiry))
            {
                break;
            }

            if (removed == 0)
            {
                LearnBegins();
            }

            _log.Segments.RemoveFirst();
            first.File.Dispose();
            _files.DeleteFile(first.File.Path);

            // Before the next one goes: of two removals a power cut may take back the first alone, and a log with a hole cannot be used.
            _files.FlushDirectory(_options.CommitLogPath);
            removed++;
            _lastRemoved = first.File.Path;
            LogRemoved(first.File.Path, used);
        }

        return removed;
    }

    /// <summary>Removes files of queues and of the index that point before the log; a queue keeps its newest.</summary>
    public void RemovePointers()
    {
        long min = _log.Segments.MinOffset;
        int queueFiles = 0;
        foreach (StoreTopic topic in _topics.All)
        {
            _topics.EnsureListed(topic);
            foreach (ConsumeQueue? queue in topic.Queues)
            {
                queueFiles += queue is null ? 0 : ExpireQueue(queue, min);
            }
        }

        Observer?.OnRemovalCompleted(_lastRemoved);

        int indexFiles = _index?.ExpireBelow(min) ?? 0;
        LogPointersRemoved(min, queueFiles, indexFiles);
    }

    /// <summary>Loads the queues that the observer is told of: once files have gone, nothing tells where they began.</summary>
    private void LearnBegins()
    {
        if (Observer is not { } observer)
        {
            return;
        }

        foreach (StoreTopic topic in _topics.All)
        {
            _topics.EnsureListed(topic);
            foreach (ConsumeQueue? queue in topic.Queues)
            {
                if (queue is { IsLoaded: false } && observer.IsInterestedIn(topic.Name, queue.QueueId))
                {
                    Load(queue);
                }
            }
        }
    }

    private void Load(ConsumeQueue queue)
    {
        try
        {
            queue.EnsureLoaded();
        }
        catch (Exception e) when (e is StoreIOException or StoreException)
        {
            // Its files stay as they are, and no other queue is the worse for it.
            LogQueueFailed(queue.Topic.Name, queue.QueueId, e);
        }
    }

    private int ExpireQueue(ConsumeQueue queue, long minPhysicalOffset)
    {
        try
        {
            long before = queue.IsLoaded ? queue.Min : long.MaxValue;
            int removed = queue.ExpireBelow(minPhysicalOffset);
            if (queue.Min > before)
            {
                Observer?.OnRemoved(queue.Topic.Name, queue.QueueId, before, queue.Min);
            }

            if (removed > 0 && queue.MarkDirty())
            {
                // The next pass tells the inventory where the queue's files begin.
                _dispatcher.Dirty.Add(queue);
            }

            return removed;
        }
        catch (Exception e) when (e is StoreIOException or StoreException)
        {
            // One queue that cannot be read, or is not one, keeps its files and must not keep those of all others.
            LogQueueFailed(queue.Topic.Name, queue.QueueId, e);
            return 0;
        }
    }

    [LoggerMessage(EventId = 2501, Level = LogLevel.Information, Message = "Removed commit-log file {Path} ({UsedPercent} % of the disk are used)")]
    private partial void LogRemoved(string path, int usedPercent);

    [LoggerMessage(EventId = 2508, Level = LogLevel.Warning, Message = "diskSpaceCleanForciblyRatio is {Ratio} %, and {UsedPercent} % of the disk of {Folder} are used already: the broker "
        + "removes the oldest files of the commit log "
        + "whatever their age, also messages that nobody has read. Make room, or set the key higher, to keep them")]
    private partial void LogAboveForcible(int ratio, int usedPercent, string folder);

    [LoggerMessage(EventId = 2509, Level = LogLevel.Warning, Message = "diskMaxUsedSpaceRatio is {Ratio} %, and {UsedPercent} % of the disk of {Folder} are used already: the broker removes "
        + "files older than fileReservedTime "
        + "({Reserved} hours) at any hour, not in those of deleteWhen alone")]
    private partial void LogAboveMaxUsed(int ratio, int usedPercent, string folder, int reserved);

    [LoggerMessage(EventId = 2502, Level = LogLevel.Information, Message = "The log begins at {MinOffset} now; removed {QueueFiles} consume-queue files and {IndexFiles} index files that pointed before it")]
    private partial void LogPointersRemoved(long minOffset, int queueFiles, int indexFiles);

    [LoggerMessage(EventId = 2503, Level = LogLevel.Error, Message = "Removing expired files failed; the next run tries again")]
    private partial void LogRunFailed(Exception reason);

    [LoggerMessage(EventId = 2504, Level = LogLevel.Error, Message = "Expired files of queue {QueueId} of {Topic} could not be removed; the next run tries again")]
    private partial void LogQueueFailed(string topic, int queueId, Exception reason);
}
