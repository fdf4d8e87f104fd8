namespace RocketOps.Remoting.Connections;

/// <summary>
/// The exclusive right to append whole frames to a connection's output, from any thread. Dispose it at once: others wait. Nothing leaves before a flush:
/// the batch flushes at its end by itself, everything else leases with <c>flush: true</c>.
/// </summary>
public readonly ref struct OutputLease
{
    /// <summary>Places that <see cref="SendNow"/> takes bytes from at most.</summary>
    public const int MostPieces = 64;

    private readonly RemotingConnection _connection;
    private readonly ConnectionOutput _output;
    private readonly DriverRound? _round;
    private readonly bool _flush;

    internal OutputLease(RemotingConnection connection, ConnectionOutput output, DriverRound? round, bool flush)
    {
        _connection = connection;
        _output = output;
        _round = round;
        _flush = flush;
    }

    /// <summary>True when what is written can still leave: a connection that has closed swallows it.</summary>
    public bool IsOpen => !_output.HasEnded;

    /// <summary>Room for at least <paramref name="sizeHint"/> contiguous bytes, at most 64 KiB unless the block is larger; valid until the next call.</summary>
    public Span<byte> GetSpan(int sizeHint) => _output.GetSpan(sizeHint);

    /// <summary>Says how many bytes of the span were written.</summary>
    public void Advance(int count) => _output.Advance(count);

    /// <summary>Copies bytes of any length.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => _output.Copy(bytes);

    /// <summary>
    /// Sends a frame now, behind what was written before, from where its pieces lie, <see cref="MostPieces"/> at most. Returns how many bytes have left: the caller writes the rest. 0 when nothing can be sent so, and the whole
    /// frame is to be written.
    /// </summary>
    public int SendNow(ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces) =>
        // What is held back leaves with the end of the connection, and nothing before it.
        _connection.End.HoldsAnswerBack ? 0 : _output.SendNow(header, pieces);

    public void Dispose()
    {
        long unsent = _output.Release(_flush && _round is null);
        _round?.FlushLater(_connection, unsent);
    }
}
