using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>
/// Hands what is appended to the kernel, all of it in one call. One thread at a time does, the leader, and takes along what others append meanwhile; a follower never
/// waits for it, its replies wait for the position. Nothing is locked while the kernel writes. Thread-safe.
/// </summary>
/// <param name="tuning">The settings in force.</param>
/// <param name="positions">What is appended and written.</param>
/// <param name="tail">What is pending.</param>
/// <param name="segments">Where it goes.</param>
/// <param name="state">Told of failures.</param>
/// <param name="time">For how long a write takes.</param>
/// <param name="writeRest">Writes, and dispatches, what a leader has left to others; on a thread that may wait for the kernel.</param>
internal sealed class PendingWrites(
    CurrentTuning tuning, LogPositions positions, LogTail tail, LogSegments segments, StoreState state, TimeProvider time, Action writeRest)
    : IThreadPoolWorkItem
{
    /// <summary>Bytes that a leader writes for itself and others before it hands on: its own replies wait meanwhile.</summary>
    private const int MaxLedBytes = 4 * 1024 * 1024;

    private int _writing;
    private int _restQueued;
    private long _writeStartedAt;

    /// <summary>A write has been in the kernel for longer than <c>osPageCacheBusyTimeOutMills</c>.</summary>
    public bool IsPageCacheBusy => CurrentMs > tuning.Value.PageCacheBusyTimeoutMs;

    /// <summary>Time in milliseconds that the running write has been in the kernel; 0 when none runs.</summary>
    public long CurrentMs
    {
        get
        {
            long since = Volatile.Read(ref _writeStartedAt);
            return since == 0 ? 0 : (long)time.GetElapsedTime(since).TotalMilliseconds;
        }
    }

    private long Appended => positions.AppendedOffset;

    private long Written => positions.Reached(LogPosition.Written);

    /// <summary>Becomes the one who writes; false while somebody else is. Until <see cref="Release"/> nothing is handed to the kernel.</summary>
    public bool TryOwn() => Interlocked.CompareExchange(ref _writing, 1, 0) == 0;

    public void Release() => Interlocked.Exchange(ref _writing, 0);

    /// <summary>
    /// Hands everything appended to the kernel, unless another thread is at it, which then takes it along: this one returns at once, and what it appended is written
    /// when the position says so. Returns the written position.
    /// </summary>
    public long Write()
    {
        long led = 0;
        while (Written < Appended && !state.HasFailed)
        {
            if (Interlocked.CompareExchange(ref _writing, 1, 0) != 0)
            {
                // The leader looks again after letting go, and this thread has appended before it looked: one of the two sees the other.
                return Written;
            }

            try
            {
                led += WriteAsLeader();
            }
            finally
            {
                Interlocked.Exchange(ref _writing, 0);
            }

            positions.Complete(LogPosition.Written);
            if (led >= MaxLedBytes && QueueRest())
            {
                return Written;
            }
        }

        if (state.HasFailed)
        {
            positions.Complete(LogPosition.Written);
            positions.Complete(LogPosition.Replicated);
        }

        return Written;
    }

    /// <summary>Has everything appended handed to the kernel by a thread of the pool.</summary>
    public void WriteElsewhere() => QueueRest();

    /// <summary>Writes what a leader has left, and makes it readable.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            Interlocked.Exchange(ref _restQueued, 0);
            writeRest();
        }
        catch (Exception e)
        {
            // Nobody is behind this thread who would: the process would end with it.
            state.Fail(StoreFlags.NotWriteable, "Writing the commit log", e);
            Write();
        }
    }

    /// <summary>
    /// Makes room after a refused reservation: writes what is pending, or has a thread of the pool write it, if nobody else does. True to
    /// try again. Does not wait for another thread's write: the status is then <see cref="AppendStatus.WouldBlock"/>, or busy when that
    /// write hangs.
    /// </summary>
    public bool MakeRoom(ref AppendStatus status, bool mayWrite)
    {
        if (status != AppendStatus.Busy)
        {
            if (status == AppendStatus.WouldBlock)
            {
                // It is the disk's blocks that lack. Whoever waits for them may come too late for that, and waits for what is pending then.
                QueueRest();
            }

            return false;
        }

        if (state.HasFailed)
        {
            status = AppendStatus.ServiceNotAvailable;
            return false;
        }

        if (mayWrite)
        {
            long before = Written;
            if (Write() > before)
            {
                return true;
            }
        }
        else
        {
            QueueRest();
        }

        status = state.HasFailed ? AppendStatus.ServiceNotAvailable : IsPageCacheBusy ? AppendStatus.Busy : AppendStatus.WouldBlock;
        return false;
    }

    /// <summary>False when it is queued already.</summary>
    private bool QueueRest()
    {
        if (Interlocked.Exchange(ref _restQueued, 1) != 0)
        {
            return false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>One write of what is pending now. Returns the bytes written.</summary>
    private long WriteAsLeader()
    {
        long start = Written;
        long target = Appended;
        if (start >= target || state.HasFailed)
        {
            return 0;
        }

        Volatile.Write(ref _writeStartedAt, Math.Max(1, time.GetTimestamp()));
        try
        {
            Write(start, target);
        }
        catch (Exception e) when (e is StoreIOException or StoreException)
        {
            state.Fail(StoreFlags.NotWriteable, "Writing the commit log", e);
        }
        finally
        {
            Volatile.Write(ref _writeStartedAt, 0);
        }

        return Written - start;
    }

    private void Write(long at, long target)
    {
        while (at < target)
        {
            LogSegment segment = segments.Find(at) ?? throw new StoreException($"No commit-log file holds offset {at}.");
            long inFile = at - segment.BaseOffset;
            int length = (int)Math.Min(target - at, segments.FileBytes - inFile);
            tail.GetSpans(at, length, out Span<byte> first, out Span<byte> second);
            if (second.IsEmpty)
            {
                segment.File.Write(first, inFile);
            }
            else
            {
                segment.File.Write(first, second, inFile);
            }

            at += length;
            positions.Move(LogPosition.Written, at);
        }
    }
}
