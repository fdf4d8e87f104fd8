namespace RocketOps.Remoting.Connections;

/// <summary>
/// The output of a connection: whole frames from any thread, sent one behind the other, and an end to what a peer that does not read may let pile up. Thread-safe.
/// </summary>
internal abstract class ConnectionOutput(ConnectionDriver driver, long maxUnsentBytes)
{
    /// <summary>
    /// Bytes written and not sent above which the driver sends before it handles further requests: a batch of pulls must not gather
    /// gigabytes.
    /// </summary>
    public const long SendAtBytes = 256 * 1024;

    private long _writtenBytes;
    private long _leasedAt;
    private long _unsentBytes;
    private long _heldBytes;

    /// <summary>The peer has not taken what was sent: the driver reads no more requests until it does.</summary>
    public abstract bool IsBlocked { get; }

    /// <summary>More is written and not sent than one batch may gather.</summary>
    public bool IsFull => Volatile.Read(ref _unsentBytes) > SendAtBytes;

    /// <summary>Under the lease: nothing that is written leaves any more.</summary>
    public bool HasEnded => Ended;

    /// <summary>Guards everything below. Held while sending too.</summary>
    protected Lock Gate { get; } = new();

    protected bool Ended { get; private set; }

    /// <summary>Bytes written and not known to be sent. Under the gate.</summary>
    protected long UnsentBytes
    {
        get => _unsentBytes;
        set => Volatile.Write(ref _unsentBytes, value);
    }

    /// <summary>Memory that what waits to be sent takes. Under the gate.</summary>
    protected virtual long BufferedBytes => _unsentBytes;

    /// <summary>Takes the exclusive right to write; <see cref="Release"/> gives it back.</summary>
    public void Lease()
    {
        Gate.Enter();
        _leasedAt = _writtenBytes;
    }

    /// <summary>Returns how many bytes were written under the lease.</summary>
    public long Release(bool flush)
    {
        long written = _writtenBytes - _leasedAt;
        try
        {
            if (flush)
            {
                FlushLocked();
            }
        }
        finally
        {
            Gate.Exit();
        }

        return written;
    }

    /// <summary>Under the lease. Room for at least that many bytes; after the end it leads nowhere.</summary>
    public Span<byte> GetSpan(int sizeHint) => Ended ? new byte[Math.Max(sizeHint, 1)] : GetSpanCore(sizeHint);

    /// <summary>Under the lease.</summary>
    public void Advance(int count)
    {
        if (!Ended)
        {
            AdvanceCore(count);
            NoteWritten(count);
        }
    }

    /// <summary>Under the lease.</summary>
    public void Copy(ReadOnlySpan<byte> bytes)
    {
        if (!Ended && !bytes.IsEmpty)
        {
            CopyCore(bytes);
            NoteWritten(bytes.Length);
        }
    }

    /// <summary>Under the lease. Sends what was written, then these bytes: as many of them as the peer takes at once, and their number is returned.</summary>
    public int SendNow(ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces)
    {
        int sent = Ended ? 0 : SendNowCore(header, pieces);
        _writtenBytes += sent;
        return sent;
    }

    /// <summary>Appends whole frames; somebody flushes later. False when the connection is closed.</summary>
    public bool Write(ReadOnlySpan<byte> frames)
    {
        lock (Gate)
        {
            if (Ended)
            {
                return false;
            }

            Copy(frames);
            return true;
        }
    }

    /// <summary>Appends whole frames and sends them; false when the connection is closed.</summary>
    public bool WriteAndFlush(ReadOnlySpan<byte> frames)
    {
        lock (Gate)
        {
            if (Ended)
            {
                return false;
            }

            if (!TrySendLocked(frames))
            {
                Copy(frames);
                FlushLocked();
            }

            return true;
        }
    }

    /// <summary>Sends what was written.</summary>
    public void Flush()
    {
        lock (Gate)
        {
            FlushLocked();
        }
    }

    /// <summary>Sends what was written, on the driver's thread where there is one, so that the caller goes on at once.</summary>
    public virtual void FlushSoon() => Flush();

    protected abstract Span<byte> GetSpanCore(int sizeHint);

    protected abstract void AdvanceCore(int count);

    protected abstract void CopyCore(ReadOnlySpan<byte> bytes);

    /// <summary>See <see cref="SendNow"/>; 0 where the transport cannot.</summary>
    protected virtual int SendNowCore(ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces) => 0;

    /// <summary>Under the gate: sends the frames from where they lie, if nothing is before them and the transport can; false when they are to be copied.</summary>
    protected virtual bool TrySendLocked(ReadOnlySpan<byte> frames) => false;

    /// <summary>Under the gate: sends as much as the peer takes. Does nothing when nothing is there.</summary>
    protected abstract void FlushLocked();

    /// <summary>Under the gate: tells the server's budget what a peer that does not read makes this connection hold.</summary>
    protected void AccountHeld()
    {
        long held = IsBlocked && !Ended ? BufferedBytes : 0;
        long change = held - _heldBytes;
        if (change != 0)
        {
            // Noted first: the budget may end the connection, which comes here again.
            _heldBytes = held;
            driver.Connection.ChangeHeld(change);
        }
    }

    /// <summary>Under the gate: nothing is written from here on.</summary>
    protected void EndLocked()
    {
        Ended = true;
        UnsentBytes = 0;
        AccountHeld();
    }

    private void NoteWritten(int count)
    {
        _writtenBytes += count;
        UnsentBytes += count;
        if (!IsBlocked)
        {
            return;
        }

        AccountHeld();
        if (_unsentBytes > maxUnsentBytes)
        {
            EndLocked();
            driver.Connection.Abort($"the peer does not read: more than {maxUnsentBytes} bytes wait to be sent");
        }
    }
}

/// <summary>Bytes that lie outside of managed memory, and are sent from there.</summary>
/// <param name="Address">Where they begin.</param>
/// <param name="Length">How many they are.</param>
public readonly record struct OutputPiece(nint Address, int Length);
