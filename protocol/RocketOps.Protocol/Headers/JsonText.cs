using System.Buffers;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>Escapes and unescapes JSON strings on UTF-8 bytes, the way fastjson writes them: control characters, quote and backslash escaped, all else raw.</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, (byte)'"', (byte)'\\']);

    /// <summary>
    /// Writes the unescaped form of <paramref name="text"/> into a destination at least as long as the text, and returns its length, which never exceeds the text's.
    /// Throws <see cref="FrameFormatException"/> for a broken escape. Lone surrogates become U+FFFD, as they have no UTF-8 form.
    /// </summary>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int written = 0;
        while (true)
        {
            int backslash = CopyToBackslash(text, destination[written..]);
            written += backslash;
            if (backslash == text.Length)
            {
                return written;
            }

            text = text[backslash..];
            if (text.Length < 2)
            {
                throw new FrameFormatException("JSON header: a string ends inside an escape");
            }

            if (text.Length >= 6 && text[1] == (byte)'u' && text[2] == (byte)'0' && text[3] == (byte)'0' && text[4] is (byte)'0' or (byte)'1' && text[5] is >= (byte)'0' and <= (byte)'9')
            {
                // What separates properties, twice in each of them.
                destination[written++] = (byte)(((text[4] - '0') * 16) + text[5] - '0');
                text = text[6..];
                continue;
            }

            if (text[1] == (byte)'u')
            {
                uint unit = ReadHex(text);
                text = text[6..];
                Rune rune = Rune.ReplacementChar;
                if (char.IsHighSurrogate((char)unit) && text.Length >= 6 && text[0] == (byte)'\\' && text[1] == (byte)'u')
                {
                    uint low = ReadHex(text);
                    if (char.IsLowSurrogate((char)low))
                    {
                        rune = new Rune((char)unit, (char)low);
                        text = text[6..];
                    }
                }
                else if (Rune.IsValid(unit))
                {
                    rune = new Rune(unit);
                }

                written += rune.EncodeToUtf8(destination[written..]);
                continue;
            }

            destination[written++] = text[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'\'' => text[1],
                _ => throw new FrameFormatException($"JSON header: unknown escape \\{(char)text[1]}"),
            };
            text = text[2..];
        }
    }

    /// <summary>Most bytes <see cref="Escape"/> writes for a text of this many.</summary>
    public static int MaxEscapedLength(int length) => length * 6;

    /// <summary>Writes the escaped form without quotes and returns its length.</summary>
    public static int Escape(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int written = 0;
        while (true)
        {
            int next = IndexOfEscape(text);
            if (next < 0)
            {
                text.CopyTo(destination[written..]);
                return written + text.Length;
            }

            text[..next].CopyTo(destination[written..]);
            written += next;
            byte value = text[next];
            text = text[(next + 1)..];
            destination[written++] = (byte)'\\';
            byte letter = value switch
            {
                (byte)'\n' => (byte)'n',
                (byte)'\r' => (byte)'r',
                (byte)'\t' => (byte)'t',
                (byte)'\b' => (byte)'b',
                (byte)'\f' => (byte)'f',
                (byte)'"' or (byte)'\\' => value,
                _ => 0,
            };
            if (letter != 0)
            {
                destination[written++] = letter;
                continue;
            }

            "u00"u8.CopyTo(destination[written..]);
            Utf8Formatter.TryFormat(value, destination[(written + 3)..], out _, new StandardFormat('x', 2));
            written += 5;
        }
    }

    /// <summary>
    /// Finds the first byte that must be escaped; below zero when there is none. Without a call for what has 16 bytes or more, as the ids
    /// of messages have.
    /// </summary>
    private static int IndexOfEscape(ReadOnlySpan<byte> text)
    {
        if (!Vector128.IsHardwareAccelerated || text.Length < Vector128<byte>.Count)
        {
            return text.IndexOfAny(MustEscape);
        }

        for (int at = 0; ; at = Math.Min(at + Vector128<byte>.Count, text.Length - Vector128<byte>.Count))
        {
            Vector128<byte> bytes = Vector128.Create(text[at..]);
            uint escapes = (Vector128.LessThan(bytes, Vector128.Create((byte)' ')) | Vector128.Equals(bytes, Vector128.Create((byte)'"')) | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))).ExtractMostSignificantBits();
            if (escapes != 0)
            {
                return at + BitOperations.TrailingZeroCount(escapes);
            }

            if (at == text.Length - Vector128<byte>.Count)
            {
                return -1;
            }
        }
    }

    /// <summary>Copies up to the next backslash, or all, and returns how much. What lies between two separators of properties is rarely longer than 16 bytes: one step here, and two calls by general means.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CopyToBackslash(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int copied = 0;
        while (Vector128.IsHardwareAccelerated && text.Length - copied >= Vector128<byte>.Count)
        {
            Vector128<byte> bytes = Vector128.Create(text[copied..]);
            bytes.CopyTo(destination[copied..]);
            uint backslashes = Vector128.Equals(bytes, Vector128.Create((byte)'\\')).ExtractMostSignificantBits();
            if (backslashes != 0)
            {
                return copied + BitOperations.TrailingZeroCount(backslashes);
            }

            copied += Vector128<byte>.Count;
        }

        ReadOnlySpan<byte> rest = text[copied..];
        int length = rest.IndexOf((byte)'\\');
        length = length < 0 ? rest.Length : length;
        rest[..length].CopyTo(destination[copied..]);
        return copied + length;
    }

    private static uint ReadHex(ReadOnlySpan<byte> escape)
    {
        if (escape.Length < 6 || !Utf8Parser.TryParse(escape.Slice(2, 4), out uint unit, out int used, 'x') || used != 4)
        {
            throw new FrameFormatException("JSON header: \\u is not followed by four hexadecimal digits");
        }

        return unit;
    }
}
