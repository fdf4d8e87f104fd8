using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.State;

/// <summary>The running flags, shared by the parts of a store. Setting one is logged once, with what it means.</summary>
internal sealed partial class StoreState
{
    private readonly ILogger _logger;
    private int _flags;
    private int _running;
    private bool _outOfSpace;
    private int _refusing;
    private int _cutting;
    private int _shortage;
    private volatile Action? _whenLogFails;

    public StoreState(ILogger logger)
    {
        _logger = logger;
    }

    /// <summary>Called once, by the thread that notices, with <see cref="StoreFlags.NotWriteable"/>.</summary>
    public Action? WhenLogFails
    {
        get => _whenLogFails;
        set => _whenLogFails = value;
    }

    public StoreFlags Flags => (StoreFlags)Volatile.Read(ref _flags);

    public bool IsReadable => (Flags & StoreFlags.NotReadable) == StoreFlags.None;

    /// <summary>Between the end of recovery and the beginning of the stop.</summary>
    public bool IsRunning
    {
        get => Volatile.Read(ref _running) != 0;
        set => Volatile.Write(ref _running, value ? 1 : 0);
    }

    /// <summary>
    /// True when messages are refused although the store runs: a slave's log holds what its master wrote and nothing else.
    /// </summary>
    public bool RefusesMessages
    {
        get => Volatile.Read(ref _refusing) != 0;
        set => Volatile.Write(ref _refusing, value ? 1 : 0);
    }

    /// <summary>True when the end of the log is being cut off: nothing is appended, not even raw bytes.</summary>
    public bool IsCutting => Volatile.Read(ref _cutting) != 0;

    /// <summary>Asked again under the append lock, so that no append is under way once it was set to false and the lock was taken.</summary>
    public bool TakesMessages => TakesRawBytes && !RefusesMessages;

    /// <summary>Same as <see cref="TakesMessages"/>, for what comes from another store's log.</summary>
    public bool TakesRawBytes => IsRunning && !IsCutting;

    /// <summary>A failed write or flush is sticky: what the kernel still has is unknown, so nothing is acknowledged until recovery has looked.</summary>
    public bool HasFailed => (Flags & (StoreFlags.NotWriteable | StoreFlags.LogicQueueError | StoreFlags.IndexError)) != StoreFlags.None;

    public AppendStatus AppendStatus => RefusesMessages ? AppendStatus.ServiceNotAvailable : RawStatus;

    /// <summary>Same as <see cref="AppendStatus"/>, for what comes from another store's log.</summary>
    public AppendStatus RawStatus
    {
        get
        {
            StoreFlags flags = Flags;
            if (!TakesRawBytes || (flags & (StoreFlags.NotWriteable | StoreFlags.LogicQueueError | StoreFlags.IndexError)) != StoreFlags.None)
            {
                return AppendStatus.ServiceNotAvailable;
            }

            return (flags & StoreFlags.DiskFull) != StoreFlags.None ? AppendStatus.DiskFull : AppendStatus.Ok;
        }
    }

    public void Fail(StoreFlags flag, string doing, Exception reason)
    {
        if (Set(flag))
        {
            LogFailed(doing, flag, reason);
            if (flag == StoreFlags.NotWriteable)
            {
                WhenLogFails?.Invoke();
            }
        }
    }

    /// <summary>Kind of disk shortage; <see cref="DiskShortage.None"/> while messages are taken.</summary>
    public DiskShortage Shortage => (Flags & StoreFlags.DiskFull) == StoreFlags.None ? DiskShortage.None : (DiskShortage)Volatile.Read(ref _shortage);

    public void SetDiskFull(DiskShortage shortage, string why)
    {
        // Before the flag: who sees that finds the reason. The newest one counts.
        Volatile.Write(ref _shortage, (int)shortage);
        if (Set(StoreFlags.DiskFull))
        {
            LogDiskFull(why);
        }
    }

    /// <summary>Queues or index wait for room: the disk is full whatever share of it is said to be used.</summary>
    public bool IsOutOfSpace
    {
        get => Volatile.Read(ref _outOfSpace);
        set => Volatile.Write(ref _outOfSpace, value);
    }

    /// <summary>False when somebody else cuts already.</summary>
    public bool TryBeginCut() => Interlocked.CompareExchange(ref _cutting, 1, 0) == 0;

    public void EndCut() => Volatile.Write(ref _cutting, 0);

    public void ClearDiskFull()
    {
        if ((Interlocked.And(ref _flags, ~(int)StoreFlags.DiskFull) & (int)StoreFlags.DiskFull) != 0)
        {
            LogDiskFullCleared();
        }
    }

    private bool Set(StoreFlags flag) => (Interlocked.Or(ref _flags, (int)flag) & (int)flag) == 0;

    [LoggerMessage(EventId = 2001, Level = LogLevel.Critical, Message = "{Doing} failed: the store is read-only ({Flag}) until a restart has recovered it")]
    private partial void LogFailed(string doing, StoreFlags flag, Exception reason);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "Disk full, messages are refused: {Why}")]
    private partial void LogDiskFull(string why);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Information, Message = "Disk space is back, messages are accepted again")]
    private partial void LogDiskFullCleared();
}
