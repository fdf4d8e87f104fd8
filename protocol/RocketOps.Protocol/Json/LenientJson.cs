using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RocketOps.Protocol.Json;

/// <summary>
/// Makes strict JSON of what RocketMQ's peers and files write. fastjson writes maps with integer keys as <c>{0:5}</c> and maps with bean keys as
/// <c>{{"topic":"T"}:5}</c>; it also reads single quotes, bare identifiers and trailing commas. Every such key becomes a JSON string
/// (a bean key becomes the text of the bean), everything else stays as it is. Source: admin.md §2.0.
/// </summary>
public static class LenientJson
{
    /// <summary>Deeper nesting is refused: no RocketMQ body comes near it and recursion must end before the stack does.</summary>
    private const int MaxDepth = 64;

    /// <summary>
    /// Strict JSON for <paramref name="utf8"/>: the same memory where it is strict already and has no blanks between its tokens, which is nearly always. Throws <see cref="JsonException"/> naming
    /// the byte where the text stops making sense.
    /// </summary>
    public static ReadOnlySpan<byte> ToStrict(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        Scanner scanner = new(utf8, inKey: false);
        scanner.CopyValue(0);
        scanner.ExpectEnd();
        return scanner.Written;
    }

    private ref struct Scanner(ReadOnlySpan<byte> input, bool inKey)
    {
        private readonly bool _inKey = inKey;
        private readonly ReadOnlySpan<byte> _input = input;
        private int _at;

        // What is put is what the input has there, from _first on and so many bytes: it is copied when they part.
        private int _first;
        private int _same;
        private ArrayBufferWriter<byte>? _output;

        public readonly ReadOnlySpan<byte> Written => _output is { } output ? output.WrittenSpan : _input.Slice(_first, _same);

        public void CopyValue(int depth)
        {
            if (depth > MaxDepth)
            {
                throw Error("nested too deeply");
            }

            switch (Peek())
            {
                case (byte)'{':
                    CopyObject(depth);
                    break;
                case (byte)'[':
                    CopyArray(depth);
                    break;
                case (byte)'"':
                case (byte)'\'':
                    CopyString();
                    break;
                default:
                    CopyBareToken(quote: false);
                    break;
            }
        }

        public void ExpectEnd()
        {
            SkipBlanks();
            if (_at < _input.Length)
            {
                throw Error("text after the end of the value");
            }
        }

        private void CopyObject(int depth)
        {
            Take((byte)'{');
            bool first = true;
            while (Peek() != (byte)'}')
            {
                if (!first)
                {
                    Put((byte)',');
                }

                first = false;
                CopyKey(depth);
                if (Peek() != (byte)':')
                {
                    throw Error("expected ':' after a name");
                }

                Take((byte)':');
                CopyValue(depth + 1);
                if (!SkipComma((byte)'}'))
                {
                    break;
                }
            }

            Take((byte)'}');
        }

        private void CopyArray(int depth)
        {
            Take((byte)'[');
            bool first = true;
            while (Peek() != (byte)']')
            {
                if (!first)
                {
                    Put((byte)',');
                }

                first = false;
                CopyValue(depth + 1);
                if (!SkipComma((byte)']'))
                {
                    break;
                }
            }

            Take((byte)']');
        }

        private void CopyKey(int depth)
        {
            switch (Peek())
            {
                case (byte)'"':
                case (byte)'\'':
                    CopyString();
                    break;
                case (byte)'{' when _inKey:
                    // Quoting doubles the backslashes of every level, so keys of keys would let a short text ask for any amount of memory.
                    throw Error("an object as key inside a key");
                case (byte)'{':
                    Scanner nested = new(_input, inKey: true) { _at = _at, _first = _at };
                    nested.CopyObject(depth + 1);
                    _at = nested._at;
                    PutQuoted(nested.Written);
                    break;
                default:
                    CopyBareToken(quote: true);
                    break;
            }
        }

        private void CopyString()
        {
            byte quote = _input[_at++];
            Put((byte)'"');
            while (true)
            {
                if (_at >= _input.Length)
                {
                    throw Error("string without end");
                }

                byte next = _input[_at++];
                if (next == quote)
                {
                    break;
                }

                if (next == (byte)'\\')
                {
                    if (_at >= _input.Length)
                    {
                        throw Error("string without end");
                    }

                    byte escaped = _input[_at++];
                    if (escaped != (byte)'\'')
                    {
                        Put((byte)'\\');
                    }

                    Put(escaped);
                }
                else if (next == (byte)'"')
                {
                    Put((byte)'\\');
                    Put(next);
                }
                else
                {
                    PutEscapingControls(next);
                }
            }

            Put((byte)'"');
        }

        private void CopyBareToken(bool quote)
        {
            int start = _at;
            while (_at < _input.Length && !IsDelimiter(_input[_at]))
            {
                _at++;
            }

            if (_at == start)
            {
                throw Error("expected a value or a name");
            }

            ReadOnlySpan<byte> token = _input[start.._at];
            if (quote)
            {
                PutQuoted(token);
            }
            else
            {
                Put(token);
            }
        }

        private void PutQuoted(ReadOnlySpan<byte> text)
        {
            Put((byte)'"');
            foreach (byte b in text)
            {
                if (b is (byte)'"' or (byte)'\\')
                {
                    Put((byte)'\\');
                    Put(b);
                }
                else
                {
                    PutEscapingControls(b);
                }
            }

            Put((byte)'"');
        }

        private void PutEscapingControls(byte b)
        {
            if (b < 0x20)
            {
                Put("\\u00"u8);
                Put((byte)(b < 0x10 ? '0' : '1'));
                Put("0123456789abcdef"u8[b & 0xF]);
            }
            else
            {
                Put(b);
            }
        }

        /// <summary>True when another element follows; a comma before the closing byte is dropped.</summary>
        private bool SkipComma(byte close)
        {
            if (Peek() != (byte)',')
            {
                return false;
            }

            _at++;
            return Peek() != close;
        }

        private byte Peek()
        {
            SkipBlanks();
            return _at < _input.Length ? _input[_at] : throw Error("text ends too early");
        }

        private void Take(byte expected)
        {
            if (Peek() != expected)
            {
                throw Error($"expected '{(char)expected}'");
            }

            _at++;
            Put(expected);
        }

        private void SkipBlanks()
        {
            while (_at < _input.Length && (_input[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                _at++;
            }
        }

        private void Put(ReadOnlySpan<byte> bytes)
        {
            foreach (byte b in bytes)
            {
                Put(b);
            }
        }

        private void Put(byte b)
        {
            if (_output is null)
            {
                int next = _first + _same;
                if (next < _input.Length && _input[next] == b)
                {
                    _same++;
                    return;
                }

                int rest = _input.Length - _first;
                _output = new ArrayBufferWriter<byte>(Math.Max(64, rest + (rest / 8)));
                _output.Write(_input.Slice(_first, _same));
            }

            _output.GetSpan(1)[0] = b;
            _output.Advance(1);
        }

        private static bool IsDelimiter(byte b) =>
            b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' or (byte)':' or (byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)'"' or (byte)'\'';

        private readonly JsonException Error(string what)
        {
            StringBuilder text = new();
            text.Append(what).Append(" at byte ").Append(_at);
            return new JsonException(text.ToString());
        }
    }
}
