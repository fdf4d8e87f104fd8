namespace RocketOps.Broker.Replication;

/// <summary>
/// Bytes that a connection has transferred, in windows of a second. One writer; <see cref="LastSecond"/> and <see cref="Total"/> may be
/// read by any thread.
/// </summary>
internal sealed class TransferRate(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private long _windowBegan = time.GetTimestamp();
    private long _inWindow;
    private long _inLast;
    private long _total;

    /// <summary>Bytes in the last full second; 0 when nothing has been transferred since.</summary>
    public long LastSecond => time.GetElapsedTime(Volatile.Read(ref _windowBegan)) < 2 * Window ? Volatile.Read(ref _inLast) : 0;

    public long Total => Volatile.Read(ref _total);

    public void Add(long bytes)
    {
        Turn();
        _inWindow += bytes;
        Volatile.Write(ref _total, _total + bytes);
    }

    /// <summary>Returns the time to wait before more may be transferred; null: not at all.</summary>
    public TimeSpan? DelayFor(long bytesPerSecond)
    {
        Turn();
        return _inWindow < bytesPerSecond ? null : Window - time.GetElapsedTime(_windowBegan);
    }

    private void Turn()
    {
        TimeSpan since = time.GetElapsedTime(_windowBegan);
        if (since >= Window)
        {
            Volatile.Write(ref _inLast, since < 2 * Window ? _inWindow : 0);
            _inWindow = 0;
            Volatile.Write(ref _windowBegan, time.GetTimestamp());
        }
    }
}
