using System.Buffers.Binary;
using System.Text;

namespace RocketOps.Protocol.Records;

/// <summary>
/// Java's String.hashCode: h = 31 h + unit over UTF-16 units, 32 bits. Tags codes, index keys and the spread of sharding keys are such hashes, so they must
/// agree with Java's for every text, read from UTF-8 or from a string.
/// </summary>
public static class JavaHash
{
    /// <summary>Bits that no byte of ASCII has.</summary>
    private const uint NotAscii = 0x80_80_80_80;

    public static int Compute(ReadOnlySpan<byte> utf8) => Continue(0, utf8);

    public static int Compute(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int hash = 0;
        foreach (char unit in text)
        {
            hash = unchecked((31 * hash) + unit);
        }

        return hash;
    }

    /// <summary>Hash of a text whose beginning has the given hash.</summary>
    public static int Continue(int hash, ReadOnlySpan<byte> utf8)
    {
        // Four at a time, of which only the sum waits for what came before.
        while (utf8.Length >= sizeof(uint) && (BinaryPrimitives.ReadUInt32LittleEndian(utf8) & NotAscii) == 0)
        {
            hash = unchecked((31 * 31 * 31 * 31 * hash) + (31 * 31 * 31 * utf8[0]) + (31 * 31 * utf8[1]) + (31 * utf8[2]) + utf8[3]);
            utf8 = utf8[sizeof(uint)..];
        }

        for (int i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] >= 0x80)
            {
                return ContinueSlow(hash, utf8[i..]);
            }

            hash = unchecked((31 * hash) + utf8[i]);
        }

        return hash;
    }

    private static int ContinueSlow(int hash, ReadOnlySpan<byte> utf8)
    {
        Span<char> units = stackalloc char[2];
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out Rune rune, out int consumed);
            int count = rune.EncodeToUtf16(units);
            for (int i = 0; i < count; i++)
            {
                hash = unchecked((31 * hash) + units[i]);
            }

            utf8 = utf8[consumed..];
        }

        return hash;
    }
}
