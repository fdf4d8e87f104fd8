using System.Buffers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Buffers for what peers send and are sent. Small ones are rented from the shared pool. Large ones are made anew: a pool keeps dozens of each size, and how large they are, and how many,
/// is the peers' choice. Thread-safe.
/// </summary>
public static class FrameBuffers
{
    /// <summary>Bytes up to which a buffer is rented: more than what a connection gathers before it sends, and most messages.</summary>
    public const int MaxPooledBytes = 1024 * 1024;

    /// <summary>A buffer of at least that many bytes, with anything in it.</summary>
    public static byte[] Rent(int bytes) => bytes <= MaxPooledBytes ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>Nobody uses it any more.</summary>
    public static void Return(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (buffer.Length is > 0 and <= MaxPooledBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
