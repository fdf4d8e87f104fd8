using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Reads the header fields of a frame one after another without allocating, in either header format. Values are plain UTF-8 that borrow from the frame or,
/// when JSON escapes had to be resolved, from the scratch buffer; both must outlive them.
/// </summary>
public ref struct ExtFieldReader
{
    /// <summary>
    /// Fields of one header. Those of RocketMQ's largest are some thirty, and hooks add a few; a dictionary of as many as fit into a header would take hundreds of its bytes.
    /// </summary>
    public const int MaxFields = 1024;

    private readonly bool _json;
    private JsonHeaderScanner _scanner;
    private ReadOnlySpan<byte> _entries;
    private Span<byte> _scratch;
    private int _fields;

    /// <param name="frame">The frame to read from.</param>
    /// <param name="scratch">Room for unescaped values, at least <see cref="RequestFrame.ScratchBytes"/> of the frame; a batch lends it, for one reader at a time.</param>
    public ExtFieldReader(scoped in RequestFrame frame, Span<byte> scratch)
    {
        _json = frame.SerializeType == SerializeType.Json;
        _scratch = scratch;
        if (_json)
        {
            // Without fields there is still an object to walk, so that TryRead needs no special case.
            _scanner = new JsonHeaderScanner(frame.RawExtFields.IsEmpty ? "{}"u8 : frame.RawExtFields);
            _scanner.EnterObject();
        }
        else
        {
            _entries = frame.RawExtFields;
        }
    }

    /// <summary>
    /// Reads the next field; false when there is none left. Fields without a value are passed over. Throws <see cref="FrameFormatException"/> when malformed, and when there are
    /// more than <see cref="MaxFields"/>.
    /// </summary>
    public bool TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        bool read = _json ? TryReadJson(out name, out value) : TryReadBinary(out name, out value);
        if (read && ++_fields > MaxFields)
        {
            ThrowTooMany();
        }

        return read;
    }

    private static void ThrowTooMany() => throw new FrameFormatException($"header: more than {MaxFields} fields");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadJson(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (_scanner.TryReadLetterField(out name, out value))
        {
            return true;
        }

        while (_scanner.TryReadName(out name))
        {
            value = _scanner.ReadValue(out bool escaped, out bool isNull);
            if (isNull)
            {
                continue;
            }

            if (escaped)
            {
                int length = JsonText.Unescape(value, _scratch);
                value = _scratch[..length];
                _scratch = _scratch[length..];
            }

            return true;
        }

        value = default;
        return false;
    }

    private bool TryReadBinary(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (_entries.IsEmpty)
        {
            name = default;
            value = default;
            return false;
        }

        name = Take(_entries.Length >= 2 ? BinaryPrimitives.ReadInt16BigEndian(_entries) : -1, 2, "name");
        value = Take(_entries.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(_entries) : -1, 4, "value");
        return true;
    }

    private ReadOnlySpan<byte> Take(int length, int lengthSize, string what)
    {
        if (length < 0 || length > _entries.Length - lengthSize)
        {
            throw new FrameFormatException($"binary header: length {length} of a field's {what} exceeds the {_entries.Length} bytes left");
        }

        ReadOnlySpan<byte> taken = _entries.Slice(lengthSize, length);
        _entries = _entries[(lengthSize + length)..];
        return taken;
    }
}
