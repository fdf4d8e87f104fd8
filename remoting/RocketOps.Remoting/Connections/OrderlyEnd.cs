namespace RocketOps.Remoting.Connections;

/// <summary>
/// End of a connection in good order by this side: nothing more is read, what is being worked on is answered, the last words follow the
/// last answer. It may begin at once (<see cref="Stop"/>, <see cref="Finish"/>), behind an answer (<see cref="FinishBehindAnswer"/>) or
/// behind a request of this side's (<see cref="FinishBehind"/>). Thread-safe.
/// </summary>
internal sealed class OrderlyEnd(ConnectionDriver driver)
{
    /// <summary>Time that a stop waits for requests that are being worked on.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private int _working;
    private volatile bool _isStopping;
    private volatile bool _isLeaving;
    private volatile bool _holdsAnswer;
    private int _answersHeldBack;
    private byte[]? _lastWords;

    /// <summary>It has begun: nothing more is read.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>It begins with the next answer that took work.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>Handlers or participants still work on requests of this connection.</summary>
    public bool IsWorking => Working > 0;

    /// <summary>On so many of them.</summary>
    public int Working => Volatile.Read(ref _working);

    /// <summary>An answer lies in the output that may have to leave with the end of the connection, or is to: whoever has written it flushes, or who says the last words.</summary>
    public bool HoldsAnswerBack => Volatile.Read(ref _answersHeldBack) > 0 || (_holdsAnswer && _isStopping);

    /// <summary>Stops reading; what is being worked on is still answered.</summary>
    public void Stop()
    {
        _isStopping = true;
        driver.StopReading();
    }

    /// <inheritdoc cref="RemotingConnection.Finish"/>
    public void Finish(byte[]? lastWords)
    {
        _lastWords = lastWords;
        Stop();
    }

    /// <inheritdoc cref="RemotingConnection.FinishBehindAnswer"/>
    public void FinishBehindAnswer(byte[]? lastWords)
    {
        _lastWords = lastWords;
        _isLeaving = true;
    }

    /// <summary>Ends the connection behind these frames. False when it is closed.</summary>
    public bool FinishBehind(ReadOnlySpan<byte> frames)
    {
        // Nothing is read any more before the peer can have them, whoever flushes; and as this is work, the end waits for it.
        BeginWork();
        Stop();
        bool isWritten = driver.Output.Write(frames);
        EndWork();
        FlushBehindStop();
        return isWritten;
    }

    /// <summary>A request is begun with.</summary>
    public void BeginWork() => Interlocked.Increment(ref _working);

    /// <summary>One is done.</summary>
    public void EndWork()
    {
        if (Interlocked.Decrement(ref _working) > 0)
        {
            return;
        }

        // Not behind an answer that left before the end was asked for: the peer may have it, and its next request be on the way.
        if (_holdsAnswer && !_isStopping)
        {
            Stop();
        }

        if (_isStopping)
        {
            driver.OnDrained();
        }
    }

    /// <summary>
    /// Tells whether an answer is the last one, which leaves with the end of the connection: a peer that reads it knows at once that
    /// nothing more is taken here. Then <see cref="EndWork(bool)"/> is to be told.
    /// </summary>
    public bool TryHoldBack()
    {
        if (!_isLeaving)
        {
            return false;
        }

        Interlocked.Increment(ref _answersHeldBack);
        return true;
    }

    /// <summary>Leaves an answer that is held back in the output, for <see cref="EndWork(bool)"/>.</summary>
    public void WriteHeldBack(ReadOnlySpan<byte> answer)
    {
        driver.Output.Write(answer);
        _holdsAnswer = true;
    }

    /// <summary>A request is done. Its answer was held back, or not.</summary>
    public void EndWork(bool isHeldBack)
    {
        EndWork();
        if (isHeldBack)
        {
            Interlocked.Decrement(ref _answersHeldBack);
            if (_isStopping)
            {
                FlushBehindStop();
            }
            else
            {
                driver.Output.Flush();
            }
        }
    }

    /// <summary>
    /// Sends what was written after the stop; it does not wait for what else is worked on, which may take long: the driver may have sent
    /// what there was before. Where nothing is, it leaves with the last words.
    /// </summary>
    private void FlushBehindStop()
    {
        if (IsWorking)
        {
            driver.Output.Flush();
        }
    }

    /// <summary>
    /// Writes the last words, and sends what is not sent yet, before the driver closes a connection that stops, when everything is
    /// answered; it closes once nothing is left to send.
    /// </summary>
    public void SayLastWords()
    {
        if (Interlocked.Exchange(ref _lastWords, null) is { } words)
        {
            driver.Output.Write(words);
        }

        driver.Output.Flush();
    }
}
