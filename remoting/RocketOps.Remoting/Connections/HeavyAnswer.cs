namespace RocketOps.Remoting.Connections;

/// <summary>
/// An answer that takes much memory while it is built: one of its connection at a time, and few of its request code. What it has come to hold is the connection's, as the server's
/// budget counts, until it is disposed; from then on the answer itself is counted. Not thread-safe.
/// </summary>
public sealed class HeavyAnswer : IDisposable
{
    private readonly RemotingConnection _connection;
    private readonly SemaphoreSlim _turns;
    private long _bytes;

    private HeavyAnswer(RemotingConnection connection, SemaphoreSlim turns)
    {
        _connection = connection;
        _turns = turns;
    }

    /// <summary>So many bytes more are held, or fewer; to be called before they are, where that is known.</summary>
    public void Add(long bytes)
    {
        _bytes += bytes;
        _connection.ChangeHeld(bytes);
    }

    public void Dispose()
    {
        _connection.ChangeHeld(-_bytes);
        _turns.Release();
        _connection.HeavyAnswers.Release();
    }

    /// <summary>
    /// Waits for the answer's turn, first among those of its connection: one that asks for a thousand holds up nobody else for longer than one takes. Null when the connection has
    /// gone meanwhile: a thousand that wait then learn of it one after the other, as a thousand exceptions at once would keep the thread pool from everybody.
    /// </summary>
    internal static async ValueTask<HeavyAnswer?> BeginAsync(RemotingConnection connection, SemaphoreSlim turns, CancellationToken cancellationToken)
    {
        await connection.HeavyAnswers.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        if (!cancellationToken.IsCancellationRequested)
        {
            await turns.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                return new HeavyAnswer(connection, turns);
            }

            turns.Release();
        }

        connection.HeavyAnswers.Release();
        return null;
    }
}
