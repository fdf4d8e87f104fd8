using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Walks the JSON of a frame header in place, as tolerant as fastjson where clients rely on it: any member order, unknown members, numbers as strings,
/// single-quoted or bare names, trailing commas (remoting.md §1.2). By hand, because a general reader costs half of the send path (performance.md §11.2).
/// Throws <see cref="FrameFormatException"/> with the byte position on anything else.
/// </summary>
internal ref struct JsonHeaderScanner
{
    /// <summary>Nesting accepted while skipping members nobody reads; real headers have one level.</summary>
    private const int MaxDepth = 16;

    /// <summary>So many digits fit into 32 bits whatever they are.</summary>
    private const int MaxPlainDigits = 9;

    /// <summary>A name of one letter and the quote that begins its value, <c>"?":"</c>, as a little-endian number; the mask leaves the letter out.</summary>
    private const ulong LetterField = 0x22_3A_22_00_22;

    private const ulong LetterFieldMask = 0xFF_FF_FF_00_FF;

    private const int LetterFieldBytes = 5;

    private static readonly SearchValues<byte> ScalarEnd = SearchValues.Create(",}] \t\r\n"u8);
    private static readonly SearchValues<byte> NameEnd = SearchValues.Create(": \t\r\n"u8);

    private readonly ReadOnlySpan<byte> _text;
    private int _position;

    public JsonHeaderScanner(ReadOnlySpan<byte> text)
    {
        _text = text;
        _position = 0;
    }

    /// <summary>Enters an object; the next call is <see cref="TryReadName"/>.</summary>
    public void EnterObject()
    {
        SkipWhiteSpace();
        if (_position >= _text.Length || _text[_position] != (byte)'{')
        {
            throw Error("an object is expected");
        }

        _position++;
    }

    /// <summary>Reads the next member's name and its colon; false at the end of the object. Names carry no escapes in this protocol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadName(out ReadOnlySpan<byte> name)
    {
        SkipWhiteSpace();
        while (_position < _text.Length && _text[_position] == (byte)',')
        {
            _position++;
            SkipWhiteSpace();
        }

        if (_position >= _text.Length)
        {
            throw Error("the object does not end");
        }

        byte first = _text[_position];
        if (first == (byte)'}')
        {
            _position++;
            name = default;
            return false;
        }

        if (first is (byte)'"' or (byte)'\'')
        {
            name = ReadQuoted(first, out _);
        }
        else
        {
            int length = _text[_position..].IndexOfAny(NameEnd);
            if (length <= 0)
            {
                throw Error("a name is expected");
            }

            name = _text.Slice(_position, length);
            _position += length;
        }

        SkipWhiteSpace();
        if (_position >= _text.Length || _text[_position] != (byte)':')
        {
            throw Error("a colon is expected");
        }

        _position++;
        return true;
    }

    /// <summary>
    /// Reads a member whose name is one letter and whose value a string of less than 16 bytes without escapes, as nearly all fields of SEND_MESSAGE_V2 are, in one step instead of five,
    /// each of which waits for where the one before has ended. False, with nothing changed, for all others, and at the end of the object.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadLetterField(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> text = _text[_position..];
        if (Vector128.IsHardwareAccelerated && text.Length >= 1 + LetterFieldBytes + Vector128<byte>.Count)
        {
            ulong beginning = BinaryPrimitives.ReadUInt64LittleEndian(text);
            int at = (byte)beginning == (byte)',' ? 1 : 0;
            beginning >>= at * 8;
            byte letter = (byte)(beginning >> 8);
            if ((beginning & LetterFieldMask) == LetterField && letter is not ((byte)'"' or (byte)'\\'))
            {
                int start = at + LetterFieldBytes;
                int length = PlainLength(text[start..], (byte)'"');
                if (length >= 0)
                {
                    name = text.Slice(at + 1, 1);
                    value = text.Slice(start, length);
                    _position += start + length + 1;
                    return true;
                }
            }
        }

        name = default;
        value = default;
        return false;
    }

    /// <summary>
    /// Reads any value as raw bytes: a string without its quotes (escapes left in, see <paramref name="escaped"/>), everything else as it stands.
    /// <paramref name="isNull"/> is true for the literal null.
    /// </summary>
    public ReadOnlySpan<byte> ReadValue(out bool escaped, out bool isNull)
    {
        SkipWhiteSpace();
        escaped = false;
        isNull = false;
        if (_position >= _text.Length)
        {
            throw Error("a value is expected");
        }

        byte first = _text[_position];
        if (first is (byte)'"' or (byte)'\'')
        {
            return ReadQuoted(first, out escaped);
        }

        int start = _position;
        if (first is (byte)'{' or (byte)'[')
        {
            SkipNested();
            return _text[start.._position];
        }

        int length = _text[_position..].IndexOfAny(ScalarEnd);
        if (length <= 0)
        {
            throw Error("a value is expected");
        }

        _position += length;
        ReadOnlySpan<byte> value = _text.Slice(start, length);
        isNull = value.SequenceEqual("null"u8);
        return value;
    }

    /// <summary>Reads a number, also one written as a string.</summary>
    public int ReadInt32()
    {
        SkipWhiteSpace();
        if (TryReadDigits(out int plain))
        {
            return plain;
        }

        ReadOnlySpan<byte> value = ReadValue(out _, out bool isNull);
        if (isNull)
        {
            return 0;
        }

        if (!Utf8Parser.TryParse(value, out int number, out int used) || used != value.Length)
        {
            throw Error("a 32-bit number is expected");
        }

        return number;
    }

    /// <summary>A few digits with the next member or the end right behind them, as nearly all numbers are; false, with nothing changed, for others.</summary>
    private bool TryReadDigits(out int number)
    {
        ReadOnlySpan<byte> digits = _text[_position..];
        int length = 0;
        number = 0;
        while (length < Math.Min(digits.Length, MaxPlainDigits) && digits[length] is >= (byte)'0' and <= (byte)'9' and byte digit)
        {
            number = (number * 10) + digit - '0';
            length++;
        }

        if (length == 0 || length == digits.Length || digits[length] is not ((byte)',' or (byte)'}'))
        {
            return false;
        }

        _position += length;
        return true;
    }

    /// <summary>Nothing but white space may follow (the C++ client ends its header with a newline).</summary>
    public void ExpectEnd()
    {
        SkipWhiteSpace();
        if (_position < _text.Length)
        {
            throw Error("unexpected bytes after the header object");
        }
    }

    /// <summary>
    /// A header has some sixty strings, nearly all shorter than 16 bytes and without escapes: their end is found in place, as a call per string to a general search was an
    /// eighth of the broker's time for a send.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> ReadQuoted(byte quote, out bool escaped)
    {
        int start = _position + 1;
        if (Vector128.IsHardwareAccelerated && _text.Length - start >= Vector128<byte>.Count && PlainLength(_text[start..], quote) is >= 0 and int length)
        {
            escaped = false;
            _position = start + length + 1;
            return _text.Slice(start, length);
        }

        return ReadQuotedSlow(quote, out escaped);
    }

    /// <summary>
    /// Finds the quote among the first 16 bytes, of which there must be as many; below zero when it is not there, or comes after a
    /// backslash.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlainLength(ReadOnlySpan<byte> text, byte quote)
    {
        Vector128<byte> bytes = Vector128.Create(text);
        uint ends = (Vector128.Equals(bytes, Vector128.Create(quote)) | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))).ExtractMostSignificantBits();
        int length = BitOperations.TrailingZeroCount(ends);
        return ends != 0 && text[length] == quote ? length : -1;
    }

    private ReadOnlySpan<byte> ReadQuotedSlow(byte quote, out bool escaped)
    {
        escaped = false;
        int start = ++_position;
        while (true)
        {
            int next = _text[_position..].IndexOfAny(quote, (byte)'\\');
            if (next < 0)
            {
                throw Error("a string does not end");
            }

            _position += next;
            if (_text[_position] == quote)
            {
                ReadOnlySpan<byte> value = _text[start.._position];
                _position++;
                return value;
            }

            escaped = true;
            if (_position + 2 > _text.Length)
            {
                throw Error("a string does not end");
            }

            _position += 2;
        }
    }

    private void SkipNested()
    {
        if (!TrySkipNestedFast())
        {
            SkipNestedSlow();
        }
    }

    /// <summary>
    /// Finds the end of an object or array 32 bytes at a time: brackets that no string encloses. The header fields are passed over once to find what follows them, and
    /// read later. False, with nothing changed, for what it does not cover: escaped quotes, single quotes around strings, the last bytes of the header, too deep nesting.
    /// </summary>
    private bool TrySkipNestedFast()
    {
        if (!Vector128.IsHardwareAccelerated)
        {
            return false;
        }

        // All ones while a string goes on from the block before.
        uint within = 0;
        bool endsWithBackslash = false;
        int depth = 0;
        for (int block = _position; _text.Length - block >= HeaderBlock.Bytes; block += HeaderBlock.Bytes)
        {
            HeaderBlock bytes = new(_text.Slice(block, HeaderBlock.Bytes));
            uint quotes = bytes.Find((byte)'"');
            uint backslashes = bytes.Find((byte)'\\');
            uint afterBackslash = (backslashes << 1) | (endsWithBackslash ? 1u : 0);
            if ((afterBackslash & (quotes | backslashes)) != 0)
            {
                return false;
            }

            // From each opening quote up to its closing one: the parity of the quotes so far.
            uint strings = quotes ^ (quotes << 1);
            strings ^= strings << 2;
            strings ^= strings << 4;
            strings ^= strings << 8;
            strings ^= strings << 16;
            strings ^= within;
            if ((bytes.Find((byte)'\'') & ~strings) != 0)
            {
                return false;
            }

            // Square brackets differ from braces in this bit alone, and other bytes do not become braces by it.
            HeaderBlock folded = bytes.With(0x20);
            uint opening = folded.Find((byte)'{');
            for (uint brackets = (opening | folded.Find((byte)'}')) & ~strings; brackets != 0; brackets &= brackets - 1)
            {
                int at = BitOperations.TrailingZeroCount(brackets);
                depth += (opening >> at & 1) != 0 ? 1 : -1;
                if (depth == 0)
                {
                    _position = block + at + 1;
                    return true;
                }

                if (depth > MaxDepth)
                {
                    return false;
                }
            }

            within = (uint)((int)strings >> 31);
            endsWithBackslash = backslashes >> 31 != 0;
        }

        return false;
    }

    private void SkipNestedSlow()
    {
        int depth = 0;
        while (_position < _text.Length)
        {
            byte current = _text[_position];
            switch (current)
            {
                case (byte)'{' or (byte)'[':
                    _position++;
                    if (++depth > MaxDepth)
                    {
                        throw Error($"values are nested deeper than {MaxDepth}");
                    }

                    break;
                case (byte)'}' or (byte)']':
                    _position++;
                    if (--depth == 0)
                    {
                        return;
                    }

                    break;
                case (byte)'"' or (byte)'\'':
                    ReadQuoted(current, out _);
                    break;
                default:
                    _position++;
                    break;
            }
        }

        throw Error("a nested value does not end");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SkipWhiteSpace()
    {
        // Most headers have none.
        if (_position < _text.Length && _text[_position] <= (byte)' ')
        {
            SkipWhiteSpaceSlow();
        }
    }

    private void SkipWhiteSpaceSlow()
    {
        while (_position < _text.Length && _text[_position] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _position++;
        }
    }

    private readonly FrameFormatException Error(string what) => new($"JSON header: {what} at byte {_position}");

    /// <summary>
    /// 32 bytes of a header. In two halves, which every machine has: a program that is compiled before it is known where it runs knows of no larger ones, and without it the fields of a
    /// header would be passed over byte by byte.
    /// </summary>
    private readonly struct HeaderBlock
    {
        public const int Bytes = 32;

        private readonly Vector128<byte> _low;
        private readonly Vector128<byte> _high;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public HeaderBlock(ReadOnlySpan<byte> bytes)
            : this(Vector128.Create(bytes), Vector128.Create(bytes[Vector128<byte>.Count..]))
        {
        }

        private HeaderBlock(Vector128<byte> low, Vector128<byte> high)
        {
            _low = low;
            _high = high;
        }

        /// <summary>A bit for each byte with that value.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public uint Find(byte value)
        {
            Vector128<byte> wanted = Vector128.Create(value);
            return Vector128.Equals(_low, wanted).ExtractMostSignificantBits() | (Vector128.Equals(_high, wanted).ExtractMostSignificantBits() << Vector128<byte>.Count);
        }

        /// <summary>The same bytes with those bits set.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public HeaderBlock With(byte bits) => new(_low | Vector128.Create(bits), _high | Vector128.Create(bits));
    }
}
