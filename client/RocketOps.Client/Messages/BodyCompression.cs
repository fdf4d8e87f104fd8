using System.IO.Compression;

namespace RocketOps.Client;

/// <summary>Packing of bodies. zlib is written and read; LZ4 and Zstd are refused when reading, as no library for them is at hand.</summary>
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
    public static byte[] Decompress(ReadOnlySpan<byte> body, int sysFlag, int maxBytes)
    {
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
            throw new InvalidDataException($"the body is compressed with {unsupported}, which this client does not read; let the producer use zlib");
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
}
