using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// The output of a connection: whole frames from any thread, one flush at a time, and an end to what a peer that does not read may let pile up. Thread-safe.
/// </summary>
internal sealed class ConnectionOutput(RemotingConnection connection, PipeWriter pipe, long maxUnsentBytes)
{
    // Guards everything below: the pipe's writer is not thread-safe. Held while flushing too, as a flush may write to the socket inline.
    private readonly Lock _gate = new();
    private Task? _pausedFlush;
    private bool _flushAgain;
    private long _unsentBytes;
    private bool _ended;

    /// <summary>Takes the exclusive right to write; <see cref="Release"/> gives it back.</summary>
    public void Lease() => _gate.Enter();

    public void Release(bool flush)
    {
        try
        {
            if (flush)
            {
                FlushLocked();
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Under the lease. Room for at least that many bytes; after the end it leads nowhere.</summary>
    public Span<byte> GetSpan(int sizeHint) => _ended ? new byte[Math.Max(sizeHint, 1)] : pipe.GetSpan(sizeHint);

    /// <summary>Under the lease.</summary>
    public void Advance(int count)
    {
        if (!_ended)
        {
            pipe.Advance(count);
            NoteWritten(count);
        }
    }

    /// <summary>Under the lease.</summary>
    public void Copy(ReadOnlySpan<byte> bytes)
    {
        if (!_ended)
        {
            pipe.Write(bytes);
            NoteWritten(bytes.Length);
        }
    }

    /// <summary>Appends whole frames; somebody flushes later.</summary>
    public void Write(ReadOnlySpan<byte> frames)
    {
        if (!frames.IsEmpty)
        {
            lock (_gate)
            {
                Copy(frames);
            }
        }
    }

    /// <summary>Appends whole frames and sends them; false when the connection is closed.</summary>
    public bool WriteAndFlush(ReadOnlySpan<byte> frames)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            Copy(frames);
            FlushLocked();
            return true;
        }
    }

    /// <summary>Sends what was written. The task, if there is one, ends when the peer has made room for more.</summary>
    public Task? Flush()
    {
        lock (_gate)
        {
            if (!pipe.CanGetUnflushedBytes || pipe.UnflushedBytes > 0)
            {
                FlushLocked();
            }

            return _pausedFlush;
        }
    }

    /// <summary>Nothing is written from here on. The task, if there is one, is a flush that the peer holds up.</summary>
    public Task? End()
    {
        lock (_gate)
        {
            _ended = true;
            return _pausedFlush;
        }
    }

    /// <summary>After <see cref="End"/>, when no flush runs any more.</summary>
    public ValueTask CompleteAsync() => pipe.CompleteAsync();

    /// <summary>
    /// Starts a flush unless one is paused by back-pressure, in which case the pending one is followed by another. The pipe allows one flush at a time.
    /// </summary>
    private void FlushLocked()
    {
        if (_ended)
        {
            return;
        }

        if (_pausedFlush is not null)
        {
            _flushAgain = true;
            return;
        }

        connection.NoteActivity();
        ValueTask<FlushResult> flush = pipe.FlushAsync(CancellationToken.None);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
            _unsentBytes = 0;
        }
        else
        {
            _pausedFlush = AwaitFlushAsync(flush);
            if (_pausedFlush.IsCompleted)
            {
                _pausedFlush = null;
            }
        }
    }

    private async Task AwaitFlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or ConnectionAbortedException or InvalidOperationException)
        {
            // The reading loop sees the same end of the connection and reports it.
            connection.NoteEnd(error.Message);
        }

        lock (_gate)
        {
            _pausedFlush = null;
            _unsentBytes = 0;
            if (_flushAgain)
            {
                _flushAgain = false;
                FlushLocked();
            }
        }
    }

    private void NoteWritten(int count)
    {
        _unsentBytes += count;
        if (_pausedFlush is not null && _unsentBytes > maxUnsentBytes)
        {
            _ended = true;
            connection.Abort($"the peer does not read: more than {maxUnsentBytes} bytes wait to be sent");
        }
    }
}
