using System.Buffers.Binary;

namespace RocketOps.Client.Compression;

/// <summary>
/// One block of LZ4: sequences of literals and of matches behind them, without a length or checksum of their own. Source: lz4/lz4 doc/lz4_Block_format.md.
/// </summary>
/// <remarks>
/// A sequence; the last one of a block ends with its literals:
/// <code>
///   1 byte   token: literals in the high 4 bits, match length − 4 in the low 4 bits; 15 means that bytes follow which are added, up to and with the first that is not 255
///   0…       bytes of the number of literals
///   0…       literals
///   2 bytes  distance back to the match, little-endian, not 0
///   0…       bytes of the match's length
/// </code>
/// </remarks>
internal static class Lz4Block
{
    /// <summary>Entries of the table that <see cref="Compress"/> needs.</summary>
    public const int TableSize = 1 << TableBits;

    /// <summary>A packed byte stands for no more than so many.</summary>
    public const int MaxRatio = 255;

    /// <summary><see cref="Decompress"/>: the block is no block.</summary>
    public const int Malformed = -1;

    /// <summary><see cref="Decompress"/>: the block does not fit.</summary>
    public const int TooLong = -2;

    private const int TableBits = 13;
    private const uint Multiplier = 2654435761;
    private const int MinMatch = 4;
    private const int MaxDistance = 65535;

    /// <summary>No match begins among the last bytes of a block, and none reaches into the very last.</summary>
    private const int LastMatchBegin = 12;
    private const int LastLiterals = 5;

    /// <summary>Positions that are looked at before the search makes larger steps, as a power of two: what cannot be packed is passed over quickly.</summary>
    private const int SkipBits = 6;

    /// <summary>Packs and returns how many bytes that took, or 0 when they do not fit.</summary>
    /// <param name="source">Not empty.</param>
    /// <param name="destination">As large as the block may become.</param>
    /// <param name="table"><see cref="TableSize"/> entries, whatever is in them.</param>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> destination, Span<int> table)
    {
        // Positions by hash, one higher than they are: 0 is none.
        table.Clear();
        int written = 0;
        int anchor = 0;
        int at = 0;
        int steps = 1 << SkipBits;
        while (at <= source.Length - LastMatchBegin)
        {
            uint next = BinaryPrimitives.ReadUInt32LittleEndian(source[at..]);
            ref int entry = ref table[(int)(unchecked(next * Multiplier) >> (32 - TableBits))];
            int match = entry - 1;
            entry = at + 1;
            if (match < 0 || at - match > MaxDistance || BinaryPrimitives.ReadUInt32LittleEndian(source[match..]) != next)
            {
                at += steps++ >> SkipBits;
                continue;
            }

            while (at > anchor && match > 0 && source[at - 1] == source[match - 1])
            {
                at--;
                match--;
            }

            int length = MinMatch + source[(at + MinMatch)..^LastLiterals].CommonPrefixLength(source[(match + MinMatch)..]);
            if (!TryWriteSequence(source[anchor..at], at - match, length, destination, ref written))
            {
                return 0;
            }

            at += length;
            anchor = at;
            steps = 1 << SkipBits;
        }

        return TryWriteSequence(source[anchor..], distance: 0, length: 0, destination, ref written) ? written : 0;
    }

    /// <summary>Unpacks and returns where in <paramref name="destination"/> the block ended, or <see cref="Malformed"/> or <see cref="TooLong"/>.</summary>
    /// <param name="source">The whole block.</param>
    /// <param name="destination">What may be written, and before <paramref name="begin"/> what was.</param>
    /// <param name="begin">Where the block begins.</param>
    /// <param name="reach">First byte that a match may take from; at most <paramref name="begin"/>.</param>
    public static int Decompress(ReadOnlySpan<byte> source, Span<byte> destination, int begin, int reach)
    {
        int at = 0;
        int end = begin;
        while (at < source.Length)
        {
            int token = source[at++];
            if (!TryReadLength(source, ref at, token >> 4, out int literals) || literals > source.Length - at)
            {
                return Malformed;
            }

            if (literals > destination.Length - end)
            {
                return TooLong;
            }

            source.Slice(at, literals).CopyTo(destination[end..]);
            at += literals;
            end += literals;
            if (at == source.Length)
            {
                return end;
            }

            if (source.Length - at < sizeof(ushort))
            {
                return Malformed;
            }

            int distance = BinaryPrimitives.ReadUInt16LittleEndian(source[at..]);
            at += sizeof(ushort);
            if (distance == 0 || distance > end - reach || !TryReadLength(source, ref at, token & 0xF, out int length))
            {
                return Malformed;
            }

            length += MinMatch;
            if (length > destination.Length - end)
            {
                return TooLong;
            }

            Repeat(destination, end, distance, length);
            end += length;
        }

        // It ends with a match, or is empty.
        return Malformed;
    }

    // A match may reach into what it writes: then the bytes repeat, and each copy doubles what there is of them.
    private static void Repeat(Span<byte> bytes, int at, int distance, int length)
    {
        int from = at - distance;
        while (length > 0)
        {
            int count = Math.Min(length, at - from);
            bytes.Slice(from, count).CopyTo(bytes[at..]);
            at += count;
            length -= count;
        }
    }

    // The sum cannot overflow: it takes a byte for every 255.
    private static bool TryReadLength(ReadOnlySpan<byte> source, ref int at, int nibble, out int length)
    {
        length = nibble;
        if (nibble < 15)
        {
            return true;
        }

        while (at < source.Length)
        {
            int more = source[at++];
            length += more;
            if (more < 255)
            {
                return true;
            }
        }

        return false;
    }

    // Without a match when the length is 0: the last one.
    private static bool TryWriteSequence(ReadOnlySpan<byte> literals, int distance, int length, Span<byte> destination, ref int written)
    {
        int extra = length == 0 ? 0 : length - MinMatch;
        if (1 + (literals.Length / 255) + 1 + literals.Length + sizeof(ushort) + (extra / 255) + 1 > destination.Length - written)
        {
            return false;
        }

        destination[written++] = (byte)((Math.Min(literals.Length, 15) << 4) | Math.Min(extra, 15));
        WriteLength(literals.Length, destination, ref written);
        literals.CopyTo(destination[written..]);
        written += literals.Length;
        if (length > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(destination[written..], (ushort)distance);
            written += sizeof(ushort);
            WriteLength(extra, destination, ref written);
        }

        return true;
    }

    private static void WriteLength(int length, Span<byte> destination, ref int written)
    {
        if (length < 15)
        {
            return;
        }

        for (length -= 15; length >= 255; length -= 255)
        {
            destination[written++] = 255;
        }

        destination[written++] = (byte)length;
    }
}
