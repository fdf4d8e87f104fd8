namespace RocketOps.Remoting.Connections;

/// <summary>
/// An answer that takes much memory while it is built: one of its connection at a time, and few of its request code. What it has come to hold is the connection's, as the server's
/// budget counts, until it is disposed; from then on the answer itself is counted. Not thread-safe.
/// </summary>
public sealed class HeavyAnswer : IDisposable
{
    private readonly SemaphoreSlim _turns;
    private bool _hasTurn;
    private long _bytes;

    internal HeavyAnswer(RemotingConnection connection, SemaphoreSlim turns)
    {
        Connection = connection;
        _turns = turns;
    }

    /// <summary>Whom it is for.</summary>
    public RemotingConnection Connection { get; }

    /// <summary>So many bytes more are held, or fewer; to be called before they are, where that is known.</summary>
    public void Add(long bytes)
    {
        _bytes += bytes;
        Connection.ChangeHeld(bytes);
    }

    /// <summary>
    /// Waits for the answer's turn, first among those of its connection: one that asks for a thousand holds up nobody else for longer than one takes. It is the answer's until it is disposed, and taken once. False when the
    /// connection has gone meanwhile, and nothing is to be built: a thousand that wait then learn of it one after the other, as a thousand exceptions at once would keep the thread pool from everybody.
    /// </summary>
    public async ValueTask<bool> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await Connection.HeavyAnswers.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (!cancellationToken.IsCancellationRequested)
        {
            await _turns.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                _hasTurn = true;
                return true;
            }

            _turns.Release();
        }

        Connection.HeavyAnswers.Release();
        return false;
    }

    public void Dispose()
    {
        Connection.ChangeHeld(-_bytes);
        if (_hasTurn)
        {
            _turns.Release();
            Connection.HeavyAnswers.Release();
        }
    }
}
