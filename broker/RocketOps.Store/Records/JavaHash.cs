using System.Text;

namespace RocketOps.Store.Records;

/// <summary>
/// Java's String.hashCode over UTF-8 bytes: h = 31 h + unit over UTF-16 units, 32 bits. Tags codes and index keys are such hashes, so they must agree with
/// Java's for every text.
/// </summary>
internal static class JavaHash
{
    public static int Compute(ReadOnlySpan<byte> utf8) => Continue(0, utf8);

    /// <summary>Hash of a text whose beginning has the given hash.</summary>
    public static int Continue(int hash, ReadOnlySpan<byte> utf8)
    {
        for (var i = 0; i < utf8.Length; i++)
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
            Rune.DecodeFromUtf8(utf8, out var rune, out var consumed);
            var count = rune.EncodeToUtf16(units);
            for (var i = 0; i < count; i++)
            {
                hash = unchecked((31 * hash) + units[i]);
            }

            utf8 = utf8[consumed..];
        }

        return hash;
    }
}
