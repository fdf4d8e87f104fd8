using System.IO.Compression;
using RocketOps.Client.Compression;

namespace RocketOps.Client;

/// <summary>Packing of bodies. zlib and LZ4 are written and read; Zstd is read with what the program gives, and refused without.</summary>
internal static class BodyCompression
{
    /// <summary>The body as a zlib stream or an LZ4 frame, or null when that is no shorter.</summary>
    public static byte[]? TryCompress(ReadOnlyMemory<byte> body, CompressionType type)
    {
        if (type == CompressionType.Lz4)
        {
            return Lz4Frame.TryCompress(body.Span);
        }

        using MemoryStream packed = new(body.Length / 2);
        using (ZLibStream zlib = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(body.Span);
        }

        return packed.Length < body.Length ? packed.ToArray() : null;
    }

    /// <summary>The plain body. Throws <see cref="InvalidDataException"/> when it cannot be unpacked or would exceed <paramref name="maxBytes"/>.</summary>
    /// <param name="body">The packed body.</param>
    /// <param name="sysFlag">The message's flags, which say how it was packed.</param>
    /// <param name="maxBytes">Most bytes the plain body may have.</param>
    /// <param name="zstd">Unpacks Zstd; null when the program gave nothing.</param>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> body, int sysFlag, int maxBytes, BodyDecompressor? zstd = null)
    {
        int type = sysFlag & SysFlags.CompressionMask;
        if (type == SysFlags.Zstd && zstd is not null)
        {
            return Decompress(body, maxBytes, zstd);
        }

        if (type == SysFlags.Lz4)
        {
            return Lz4Frame.Decompress(body.Span, maxBytes);
        }

        string? unsupported = type switch
        {
            SysFlags.OldZlib or SysFlags.Zlib => null,
            SysFlags.Zstd => "Zstd",
            _ => $"type 0x{type:X}",
        };
        if (unsupported is not null)
        {
            throw new InvalidDataException($"the body is compressed with {unsupported}, which this client does not read by itself; set ZstdDecompressor, or let the producer use zlib or LZ4");
        }

        using MemoryStream plain = new();
        using ZLibStream zlib = new(new MemoryStream(body.ToArray(), writable: false), CompressionMode.Decompress);
        byte[] chunk = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = zlib.Read(chunk)) > 0)
            {
                if (plain.Length + read > maxBytes)
                {
                    throw new InvalidDataException($"the body unpacks to more than {maxBytes} bytes");
                }

                plain.Write(chunk, 0, read);
            }
        }
        catch (IOException malformed)
        {
            // ZLibException: what a stream that asks for a preset dictionary gets, for example.
            throw new InvalidDataException($"the body cannot be unpacked: {malformed.Message}", malformed);
        }

        return plain.ToArray();
    }

    private static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> body, int maxBytes, BodyDecompressor given)
    {
        ReadOnlyMemory<byte> plain;
        try
        {
            plain = given(body, maxBytes);
        }
        catch (Exception malformed)
        {
            throw new InvalidDataException($"the body cannot be unpacked: {malformed.Message}", malformed);
        }

        return plain.Length <= maxBytes ? plain : throw new InvalidDataException($"the body unpacks to more than {maxBytes} bytes");
    }
}

/// <summary>
/// Unpacks a body with a library of the program's choice. Called by several threads at a time. It should stop before it allocates more than <paramref name="maxBytes"/>; a longer result is
/// refused. An exception counts as a body that cannot be unpacked: the message is reported and given back.
/// </summary>
/// <param name="packed">The body as the producer packed it; borrowed for the call.</param>
/// <param name="maxBytes">Most bytes the plain body may have.</param>
/// <returns>The plain body, which the message owns from then on.</returns>
public delegate ReadOnlyMemory<byte> BodyDecompressor(ReadOnlyMemory<byte> packed, int maxBytes);
