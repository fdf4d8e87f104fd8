namespace RocketOps.Remoting.Connections;

/// <summary>
/// Bytes that a handler has come to hold for a connection beyond the request it was given: a stored message, mostly, that a small request
/// has named. The connection's, as the server's budget counts, until it is disposed.
/// </summary>
public sealed class HeldBytes : IDisposable
{
    private readonly RemotingConnection _connection;
    private readonly long _bytes;

    internal HeldBytes(RemotingConnection connection, long bytes)
    {
        _connection = connection;
        _bytes = bytes;
        connection.ChangeHeld(bytes);
    }

    /// <summary>Once.</summary>
    public void Dispose() => _connection.ChangeHeld(-_bytes);
}
