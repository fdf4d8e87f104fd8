using System.Buffers;
using System.Buffers.Text;
using RocketOps.Remoting.Framing;

namespace RocketOps.Remoting.Headers;

/// <summary>
/// Walks the JSON of a frame header in place, as tolerant as fastjson where clients rely on it: any member order, unknown members, numbers as strings,
/// single-quoted or bare names, trailing commas (remoting.md §1.2). By hand, because a general reader costs half of the send path (performance.md §11.2).
/// Throws <see cref="FrameFormatException"/> with the byte position on anything else.
/// </summary>
internal ref struct JsonHeaderScanner
{
    /// <summary>Nesting accepted while skipping members nobody reads; real headers have one level.</summary>
    private const int MaxDepth = 16;

    private static readonly SearchValues<byte> ScalarEnd = SearchValues.Create(",}] \t\r\n"u8);
    private static readonly SearchValues<byte> NameEnd = SearchValues.Create(": \t\r\n"u8);

    private readonly ReadOnlySpan<byte> _text;
    private int _position;

    public JsonHeaderScanner(ReadOnlySpan<byte> text)
    {
        _text = text;
        _position = 0;
    }

    public readonly int Position => _position;

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

    /// <summary>Nothing but white space may follow (the C++ client ends its header with a newline).</summary>
    public void ExpectEnd()
    {
        SkipWhiteSpace();
        if (_position < _text.Length)
        {
            throw Error("unexpected bytes after the header object");
        }
    }

    private ReadOnlySpan<byte> ReadQuoted(byte quote, out bool escaped)
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

    private void SkipWhiteSpace()
    {
        while (_position < _text.Length && _text[_position] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            _position++;
        }
    }

    private readonly FrameFormatException Error(string what) => new($"JSON header: {what} at byte {_position}");
}
