using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace RocketOps.Protocol.Json;

/// <summary>
/// Writes JSON as fastjson 1.x does, byte for byte: compact, no blank anywhere, map keys that are numbers or beans without quotes when asked for.
/// System.Text.Json cannot write such keys. The caller keeps to alphabetical order of fields. Not thread-safe. Source: admin.md §2.0, remoting.md §3.2.
/// </summary>
public sealed class FastJsonWriter
{
    private readonly IBufferWriter<byte> _output;
    private readonly bool _standard;
    private bool _needsComma;

    /// <param name="standard">
    /// False: fastjson's defaults, numeric keys bare and text outside ASCII as it is. True: its browser-compatible features, every key quoted and everything outside
    /// printable ASCII escaped.
    /// </param>
    public FastJsonWriter(bool standard = false)
        : this(new ArrayBufferWriter<byte>(512), standard)
    {
    }

    /// <param name="output">Takes what is written.</param>
    /// <param name="standard">As above.</param>
    public FastJsonWriter(IBufferWriter<byte> output, bool standard = false)
    {
        _output = output;
        _standard = standard;
    }

    /// <summary>
    /// Bytes that were written, of a writer without an output of its own. Throws <see cref="InvalidOperationException"/> with one.
    /// </summary>
    public ReadOnlyMemory<byte> Written => _output is ArrayBufferWriter<byte> own ? own.WrittenMemory : throw new InvalidOperationException("the output has what was written");

    public FastJsonWriter BeginObject() => Open((byte)'{');

    public FastJsonWriter EndObject() => Close((byte)'}');

    public FastJsonWriter BeginArray() => Open((byte)'[');

    public FastJsonWriter EndArray() => Close((byte)']');

    /// <summary>A field name or a text key; its value follows.</summary>
    public FastJsonWriter Name(string name)
    {
        Separate();
        Quote(name);
        return Colon();
    }

    /// <summary>A numeric map key: bare, or quoted in the standard shape.</summary>
    public FastJsonWriter NumberName(long key)
    {
        Separate();
        if (_standard)
        {
            Put((byte)'"');
        }

        PutNumber(key);
        if (_standard)
        {
            Put((byte)'"');
        }

        return Colon();
    }

    /// <summary>Begins a bean in key position: write its fields, then call <see cref="EndObjectName"/>, then the value.</summary>
    public FastJsonWriter BeginObjectName() => BeginObject();

    /// <inheritdoc cref="BeginObjectName"/>
    public FastJsonWriter EndObjectName()
    {
        EndObject();
        return Colon();
    }

    public FastJsonWriter Value(string value)
    {
        Separate();
        Quote(value);
        return this;
    }

    public FastJsonWriter Value(long value)
    {
        Separate();
        PutNumber(value);
        return this;
    }

    public FastJsonWriter Value(bool value)
    {
        Separate();
        _output.Write(value ? "true"u8 : "false"u8);
        return this;
    }

    /// <summary>A double always carries a fraction (<c>0.0</c>); what is no number is null.</summary>
    public FastJsonWriter Value(double value)
    {
        Separate();
        if (!double.IsFinite(value))
        {
            _output.Write("null"u8);
            return this;
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture);
        PutText(text);
        if (text.AsSpan().IndexOfAny('.', 'E') < 0)
        {
            _output.Write(".0"u8);
        }

        return this;
    }

    /// <summary>A value that is JSON already.</summary>
    public FastJsonWriter Raw(ReadOnlySpan<byte> json)
    {
        Separate();
        _output.Write(json);
        return this;
    }

    public FastJsonWriter Field(string name, string? value) => value is null ? this : Name(name).Value(value);

    public FastJsonWriter Field(string name, long value) => Name(name).Value(value);

    public FastJsonWriter Field(string name, bool value) => Name(name).Value(value);

    private FastJsonWriter Open(byte bracket)
    {
        Separate();
        Put(bracket);
        _needsComma = false;
        return this;
    }

    private FastJsonWriter Close(byte bracket)
    {
        Put(bracket);
        _needsComma = true;
        return this;
    }

    private FastJsonWriter Colon()
    {
        Put((byte)':');
        _needsComma = false;
        return this;
    }

    private void Separate()
    {
        if (_needsComma)
        {
            Put((byte)',');
        }

        _needsComma = true;
    }

    private void Quote(string text)
    {
        Put((byte)'"');
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (!NeedsEscape(text[i]))
            {
                continue;
            }

            PutUtf8(text.AsSpan(plain, i - plain));
            PutEscape(text[i]);
            plain = i + 1;
        }

        PutUtf8(text.AsSpan(plain));
        Put((byte)'"');
    }

    private bool NeedsEscape(char character) => character is < ' ' or '"' or '\\' || (_standard && character is '/' or >= '\u007F');

    private void PutEscape(char character)
    {
        Put((byte)'\\');
        byte letter = character switch
        {
            '"' => (byte)'"',
            '\\' => (byte)'\\',
            '/' => (byte)'/',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            _ => (byte)'u',
        };
        Put(letter);
        if (letter == (byte)'u')
        {
            PutText(((int)character).ToString("X4", CultureInfo.InvariantCulture));
        }
    }

    private void PutNumber(long value)
    {
        Span<byte> span = _output.GetSpan(20);
        _ = value.TryFormat(span, out int written, default, CultureInfo.InvariantCulture);
        _output.Advance(written);
    }

    private void PutText(string ascii)
    {
        int written = Encoding.ASCII.GetBytes(ascii, _output.GetSpan(ascii.Length));
        _output.Advance(written);
    }

    // A lone surrogate becomes U+FFFD, as java.lang.String.getBytes makes a question mark of it: neither can be sent.
    private void PutUtf8(ReadOnlySpan<char> text)
    {
        _ = Utf8.FromUtf16(text, _output.GetSpan(text.Length * 3), out _, out int written);
        _output.Advance(written);
    }

    private void Put(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }
}
