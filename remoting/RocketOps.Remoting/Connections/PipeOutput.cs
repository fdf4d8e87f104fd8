using System.Buffers;
using System.IO.Pipelines;

namespace RocketOps.Remoting.Connections;

/// <summary>Output through a pipe: one flush at a time, as the pipe's writer demands. Thread-safe.</summary>
internal sealed class PipeOutput(ConnectionDriver driver, PipeWriter pipe, long maxUnsentBytes) : ConnectionOutput(driver, maxUnsentBytes)
{
    private readonly ConnectionDriver _driver = driver;
    private Task? _pausedFlush;
    private Exception? _failure;
    private bool _flushAgain;

    public override bool IsBlocked => Volatile.Read(ref _pausedFlush) is not null;

    /// <summary>A flush that the peer holds up, or null: the task ends when the peer has made room for more.</summary>
    public Task? PausedFlush => Volatile.Read(ref _pausedFlush);

    /// <summary>Nothing is written from here on. The task, if there is one, is a flush that the peer holds up.</summary>
    public Task? End()
    {
        lock (Gate)
        {
            EndLocked();
            return _pausedFlush;
        }
    }

    /// <summary>Completes the pipe after <see cref="End"/>, when no flush runs any more. Never throws.</summary>
    public async Task CompleteAsync()
    {
        try
        {
            // Sends what is left, but not to a peer that is gone.
            await pipe.CompleteAsync(_failure).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            _driver.Connection.NoteEnd(error.Message);
        }
    }

    protected override Span<byte> GetSpanCore(int sizeHint) => pipe.GetSpan(sizeHint);

    protected override void AdvanceCore(int count) => pipe.Advance(count);

    protected override void CopyCore(ReadOnlySpan<byte> bytes) => pipe.Write(bytes);

    /// <summary>
    /// Starts a flush unless one is paused by back-pressure, in which case the pending one is followed by another. The pipe allows one flush at a time.
    /// </summary>
    protected override void FlushLocked()
    {
        if (Ended || (pipe.CanGetUnflushedBytes && pipe.UnflushedBytes == 0))
        {
            return;
        }

        if (_pausedFlush is not null)
        {
            _flushAgain = true;
            return;
        }

        _driver.Connection.NoteActivity();
        ValueTask<FlushResult> flush = pipe.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
            UnsentBytes = 0;
        }
        else
        {
            Task paused = AwaitFlushAsync(flush);
            Volatile.Write(ref _pausedFlush, paused.IsCompleted ? null : paused);
            AccountHeld();
        }
    }

    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The reading loop sees the same end of the connection and reports it.
            _driver.Connection.NoteEnd(error.Message);
            _failure = error;
        }

        lock (Gate)
        {
            Volatile.Write(ref _pausedFlush, null);
            if (_failure is not null)
            {
                // What was not sent never will be: nobody waits for room in this output.
                EndLocked();
                return;
            }

            UnsentBytes = pipe.CanGetUnflushedBytes ? pipe.UnflushedBytes : 0;
            AccountHeld();
            if (_flushAgain)
            {
                _flushAgain = false;
                FlushLocked();
            }
        }
    }
}
