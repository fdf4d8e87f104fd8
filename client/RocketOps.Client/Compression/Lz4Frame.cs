using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace RocketOps.Client.Compression;

/// <summary>
/// LZ4's frame format: written as RocketMQ's Java client writes it (lz4-java's LZ4FrameOutputStream: independent blocks of 4 MiB, no checksums but the header's), read with
/// everything the format has but dictionaries. Source: lz4/lz4 doc/lz4_Frame_format.md; asked of the 5.5.0 client.
/// </summary>
/// <remarks>
/// All numbers little-endian:
/// <code>
///   4 bytes  magic
///   1 byte   FLG: version 01 in bits 7–6, 5 blocks are independent, 4 blocks have checksums, 3 content size, 2 content checksum, 0 dictionary
///   1 byte   BD: in bits 6–4 the largest block, 4 … 7 for 64 KiB, 256 KiB, 1 MiB, 4 MiB
///   8 bytes  content size, if so flagged
///   1 byte   second byte of the checksum from FLG on
///   blocks:  4 bytes length, its highest bit set when not packed; the bytes; 4 bytes checksum if so flagged
///   4 bytes  0, then 4 bytes content checksum if so flagged
/// </code>
/// </remarks>
internal static class Lz4Frame
{
    private const uint Magic = 0x184D2204;
    private const uint SkippableMagic = 0x184D2A50;
    private const uint NotPacked = 0x80000000;
    private const int BlockBytes = 4 * 1024 * 1024;

    private const int IsIndependent = 0x20;
    private const int HasBlockChecksums = 0x10;
    private const int HasContentSize = 0x08;
    private const int HasContentChecksum = 0x04;
    private const int HasDictionary = 0x01;

    private static ReadOnlySpan<byte> Header => [0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73];

    /// <summary>The body as a frame, or null when that is no shorter.</summary>
    public static byte[]? TryCompress(ReadOnlySpan<byte> body)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(body.Length);
        int[] table = ArrayPool<int>.Shared.Rent(Lz4Block.TableSize);
        try
        {
            Span<byte> frame = buffer.AsSpan(0, body.Length);
            if (!Header.TryCopyTo(frame))
            {
                return null;
            }

            int written = Header.Length;
            while (!body.IsEmpty)
            {
                ReadOnlySpan<byte> block = body[..Math.Min(body.Length, BlockBytes)];
                body = body[block.Length..];
                if (frame.Length - written < sizeof(uint))
                {
                    return null;
                }

                Span<byte> destination = frame[(written + sizeof(uint))..];
                uint length = (uint)Lz4Block.Compress(block, destination[..Math.Min(destination.Length, block.Length - 1)], table.AsSpan(0, Lz4Block.TableSize));
                if (length == 0)
                {
                    if (!block.TryCopyTo(destination))
                    {
                        return null;
                    }

                    length = (uint)block.Length | NotPacked;
                }

                BinaryPrimitives.WriteUInt32LittleEndian(frame[written..], length);
                written += sizeof(uint) + (int)(length & ~NotPacked);
            }

            if (frame.Length - written <= sizeof(uint))
            {
                return null;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(frame[written..], 0);
            return frame[..(written + sizeof(uint))].ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<int>.Shared.Return(table);
        }
    }

    /// <summary>
    /// Unpacks a frame, or several one behind the other. Nothing is allocated that the packed bytes could not fill. Throws
    /// <see cref="InvalidDataException"/> when they are no frames or hold more than <paramref name="maxBytes"/>.
    /// </summary>
    public static byte[] Decompress(ReadOnlySpan<byte> packed, int maxBytes)
    {
        Output output = new(maxBytes);
        do
        {
            uint magic = ReadUInt32(ref packed);
            if (magic == Magic)
            {
                ReadFrame(ref packed, output);
            }
            else if ((magic & ~0xFu) == SkippableMagic)
            {
                _ = Take(ref packed, ReadUInt32(ref packed));
            }
            else
            {
                throw new InvalidDataException($"0x{magic:X8} begins no LZ4 frame");
            }
        }
        while (!packed.IsEmpty);
        return output.ToArray();
    }

    private static void ReadFrame(ref ReadOnlySpan<byte> packed, Output output)
    {
        ReadOnlySpan<byte> header = packed;
        int flags = Take(ref packed, 1)[0];
        int sizes = Take(ref packed, 1)[0];
        if ((flags & 0xC2) != 0x40 || (sizes & 0x8F) != 0 || sizes >> 4 < 4)
        {
            throw new InvalidDataException($"an LZ4 frame with FLG 0x{flags:X2} and BD 0x{sizes:X2} is none of version 1");
        }

        if ((flags & HasDictionary) != 0)
        {
            throw new InvalidDataException("the LZ4 frame needs a dictionary, which nobody gives along");
        }

        ulong? contentSize = (flags & HasContentSize) != 0 ? BinaryPrimitives.ReadUInt64LittleEndian(Take(ref packed, sizeof(ulong))) : null;
        uint sum = XxHash32.HashToUInt32(header[..^packed.Length]);
        if (Take(ref packed, 1)[0] != (byte)(sum >> 8))
        {
            throw new InvalidDataException("the checksum of the LZ4 frame's header is wrong");
        }

        int begin = output.Length;
        int blockBytes = 1 << (8 + (2 * (sizes >> 4)));
        while (ReadUInt32(ref packed) is not 0 and uint length)
        {
            ReadOnlySpan<byte> block = Take(ref packed, length & ~NotPacked);
            if ((flags & HasBlockChecksums) != 0 && ReadUInt32(ref packed) != XxHash32.HashToUInt32(block))
            {
                throw new InvalidDataException("the checksum of an LZ4 block is wrong");
            }

            output.Append(block, (length & NotPacked) != 0, blockBytes, (flags & IsIndependent) != 0 ? output.Length : begin);
        }

        if ((flags & HasContentChecksum) != 0 && ReadUInt32(ref packed) != XxHash32.HashToUInt32(output.From(begin)))
        {
            throw new InvalidDataException("the checksum of the LZ4 frame's content is wrong");
        }

        if (contentSize is { } size && size != (ulong)(output.Length - begin))
        {
            throw new InvalidDataException($"the LZ4 frame holds {output.Length - begin} bytes and says {size}");
        }
    }

    private static uint ReadUInt32(ref ReadOnlySpan<byte> packed) => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref packed, sizeof(uint)));

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> packed, uint length)
    {
        if (length > packed.Length)
        {
            throw new InvalidDataException($"the LZ4 frame ends {length - packed.Length} bytes early");
        }

        ReadOnlySpan<byte> taken = packed[..(int)length];
        packed = packed[(int)length..];
        return taken;
    }

    /// <summary>Buffer of the unpacked bytes; grows as far as blocks can fill it.</summary>
    private sealed class Output(int maxBytes)
    {
        private byte[] _bytes = [];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> From(int begin) => _bytes.AsSpan(begin, Length - begin);

        public byte[] ToArray() => Length == _bytes.Length ? _bytes : _bytes.AsSpan(0, Length).ToArray();

        public void Append(ReadOnlySpan<byte> block, bool isPlain, int blockBytes, int reach)
        {
            int most = (int)Math.Min(blockBytes, isPlain ? block.Length : (long)block.Length * Lz4Block.MaxRatio);
            int limit = (int)Math.Min((long)Length + most, maxBytes);
            Span<byte> room = Reserve(limit);
            int end = isPlain
                ? block.Length <= Math.Min(room.Length - Length, blockBytes) ? Length + block.Length : Lz4Block.TooLong
                : Lz4Block.Decompress(block, room, Length, reach);
            if (end < 0)
            {
                throw new InvalidDataException(
                    end == Lz4Block.Malformed ? "an LZ4 block cannot be read" : limit == maxBytes ? $"the body unpacks to more than {maxBytes} bytes" : "an LZ4 block is larger than its frame says");
            }

            if (isPlain)
            {
                block.CopyTo(room[Length..]);
            }

            Length = end;
        }

        private Span<byte> Reserve(int length)
        {
            if (length > _bytes.Length)
            {
                Array.Resize(ref _bytes, (int)Math.Min(Math.Max(length, 2L * Length), maxBytes));
            }

            return _bytes.AsSpan(0, length);
        }
    }
}
