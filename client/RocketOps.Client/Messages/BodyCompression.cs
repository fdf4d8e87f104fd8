using System.IO.Compression;

namespace RocketOps.Client;

/// <summary>Packing of bodies. zlib is written and read; LZ4 and Zstd are read with what the program gives, and refused without.</summary>
internal static class BodyCompression
{
    /// <summary>The body as a zlib stream, or null when that is no shorter.</summary>
    public static byte[]? TryCompress(ReadOnlyMemory<byte> body)
    {
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
    /// <param name="lz4">Unpacks LZ4 frames; null when the program gave nothing.</param>
    /// <param name="zstd">Unpacks Zstd; null when the program gave nothing.</param>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> body, int sysFlag, int maxBytes, BodyDecompressor? lz4 = null, BodyDecompressor? zstd = null)
    {
        if ((sysFlag & SysFlags.CompressionMask) switch { SysFlags.Lz4 => lz4, SysFlags.Zstd => zstd, _ => null } is { } given)
        {
            return Decompress(body, maxBytes, given);
        }

        int type = sysFlag & SysFlags.CompressionMask;
        string? unsupported = type switch
        {
            SysFlags.OldZlib or SysFlags.Zlib => null,
            SysFlags.Lz4 => "LZ4",
            SysFlags.Zstd => "Zstd",
            _ => $"type 0x{type:X}",
        };
        if (unsupported is not null)
        {
            throw new InvalidDataException($"the body is compressed with {unsupported}, which this client does not read by itself; set Lz4Decompressor or ZstdDecompressor, or let the producer use zlib");
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
