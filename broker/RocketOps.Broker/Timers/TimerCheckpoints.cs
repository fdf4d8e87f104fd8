using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Notes how far the timers have come: nothing that a power cut could still take back. One session of a master uses it at a time; a checkpoint may be written meanwhile, on a thread of its own.
/// </summary>
internal sealed partial class TimerCheckpoints : IAsyncDisposable
{
    private readonly CurrentOptions<TimerOptions> _options;
    private readonly MessageStore _store;
    private readonly TimerDisk _disk;
    private readonly TimerProgress _progress;
    private readonly TimerAdditions _additions;
    private readonly SlotClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger<TimerTable> _logger;
    private readonly TimerCheckpointFile _file;
    private readonly DiskThread _flusher = new("timers-flush");
    private Task _writing = Task.CompletedTask;
    private TimerCheckpoint? _last;
    private bool _isTakenUp;
    private long _lastBegun;

    public TimerCheckpoints(
        BrokerSettings settings, CurrentOptions<TimerOptions> options, MessageStore store, IStoreFileSystem files, TimerDisk disk, TimerProgress progress, TimerAdditions additions, SlotClock clock, TimeProvider time, ILogger<TimerTable> logger)
    {
        _options = options;
        _store = store;
        _disk = disk;
        _progress = progress;
        _additions = additions;
        _clock = clock;
        _time = time;
        _logger = logger;
        _file = new TimerCheckpointFile(files, settings.Current.StoreRoot);
        _lastBegun = time.GetTimestamp();
    }

    /// <summary>The last checkpoint that is on the disk; null before the first.</summary>
    public TimerCheckpoint? Last => Volatile.Read(ref _last);

    /// <summary>True when an earlier process has left a file.</summary>
    public bool HasFile => _file.Exists;

    /// <summary>Ends with the checkpoint that is being written.</summary>
    public Task Writing => _writing;

    /// <inheritdoc cref="TimerProgress.HasChanged"/>
    public bool HasChanged => _progress.HasChanged && _disk.Opened is not null;

    /// <summary>Reads the file. The progress also takes up, once, what of it is not certain to stay.</summary>
    public async Task<TimerCheckpoint?> ReadAsync()
    {
        TimerCheckpoint? checkpoint = await _disk.RunAsync(_file.Read);
        if (!_isTakenUp && checkpoint is not null)
        {
            _progress.TakeUp(checkpoint);
        }

        _isTakenUp = true;
        return checkpoint;
    }

    /// <summary>The timers go on from this one, which is on the disk.</summary>
    public void GoOnFrom(TimerCheckpoint? checkpoint) => Volatile.Write(ref _last, checkpoint);

    /// <summary>Begins a checkpoint when the last one is old enough, and something has changed; it goes on by itself.</summary>
    public void Begin()
    {
        if (_writing.IsCompleted && HasChanged && _additions.IsWritten && _time.GetElapsedTime(_lastBegun) >= _options.Value.TimerFlushInterval)
        {
            _lastBegun = _time.GetTimestamp();
            _writing = TryWriteAsync();
        }
    }

    /// <summary>Notes how far the timers have come once that, copies and timer log, is on the disk. Throws <see cref="IOException"/> or <see cref="StoreIOException"/> when that fails.</summary>
    public async Task WriteAsync()
    {
        await _writing;
        if (_disk.Opened is not null && _additions.IsWritten)
        {
            await WriteNowAsync();
        }
    }

    /// <summary>Notes what a master has noted. Throws <see cref="IOException"/> or <see cref="StoreIOException"/> when that fails.</summary>
    public async Task WriteAsync(TimerCheckpoint next)
    {
        await _flusher.RunAsync(() => _file.Write(next));
        Volatile.Write(ref _last, next);
    }

    public async ValueTask DisposeAsync()
    {
        await _writing;
        _flusher.Dispose();
    }

    private async Task TryWriteAsync()
    {
        try
        {
            await WriteNowAsync();
        }
        catch (Exception failure) when (failure is IOException or StoreIOException or StoreException)
        {
            _progress.HasChanged = true;
            LogCheckpointFailed(failure);
        }
    }

    private async Task WriteNowAsync()
    {
        _progress.HasChanged = false;
        TimerCheckpoint next = new(_progress.ReadMs, _disk.Index.End, _progress.QueueOffset, _progress.DeliveredOfSlot, (Last?.Counter ?? 0) + 1, _clock.Now, IsOwn: true);

        // All that was taken and all copies lie before it.
        LogMark end = _store.Positions.End;
        next = next with { Unkept = _progress.FindUnkept(end.Offset, ofMaster: false), WheelMark = _disk.Index.ComputeWheelMark() };
        WaitOutcome outcome;
        do
        {
            outcome = await _store.Writer.WhenAsync(LogPosition.Durable, end);
        }
        while (outcome == WaitOutcome.TimedOut);
        if (outcome != WaitOutcome.Reached)
        {
            throw new IOException($"the log is not on the disk ({outcome}), so how far the timers have come is not noted");
        }

        await _flusher.RunAsync(() =>
        {
            _disk.Index.Flush();
            _file.Write(next);
        });
        Volatile.Write(ref _last, next);
    }

    [LoggerMessage(EventId = 3803, Level = LogLevel.Error, Message = "Noting how far the timers have come failed; after a crash messages since the last note are delivered again")]
    private partial void LogCheckpointFailed(Exception failure);
}
