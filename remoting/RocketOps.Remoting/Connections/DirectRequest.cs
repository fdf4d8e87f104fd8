using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// A request of the hot path: it writes its own header and reads its answer in place, without a command in between. Used once.
/// </summary>
public abstract class DirectRequest
{
    /// <summary>Set when it is sent; unique among the outstanding requests of the connection.</summary>
    internal int Opaque { get; set; }

    /// <summary>Upper bound of what <see cref="WriteHeader"/> writes.</summary>
    protected internal abstract int MaxHeaderBytes { get; }

    /// <summary>Body that follows the header.</summary>
    protected internal abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>Writes the frame up to its body, length field included, and returns how many bytes that were.</summary>
    protected internal abstract int WriteHeader(Span<byte> destination, int opaque, int version);

    /// <summary>The answer came; it is borrowed. Called on the thread that receives: it must not wait.</summary>
    protected internal abstract void OnAnswer(in RequestFrame answer);

    /// <summary>No answer will come: the connection closed, or the answer was malformed.</summary>
    protected internal abstract void OnFailed(Exception error);
}
