using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// Writes the header of one frame straight into its destination, in either format, without allocating: construct, <c>Add</c> fields, <see cref="Complete"/>.
/// The body follows right behind. The destination must be large enough: <see cref="FixedBytes"/> plus <see cref="MaxFieldBytes"/> of every field; running over throws.
/// </summary>
public ref struct ResponseFrameWriter
{
    /// <summary>Upper bound of everything but remark and fields, in both formats.</summary>
    public const int FixedBytes = 256;

    private readonly Span<byte> _destination;
    private readonly SerializeType _serializeType;
    private readonly int _opaque;
    private readonly int _version;
    private readonly int _flag;
    private readonly ReadOnlySpan<byte> _remark;
    private readonly int _extLengthOffset;
    private int _position;
    private bool _hasFields;

    /// <param name="destination">Where the frame begins.</param>
    /// <param name="serializeType">The request's type, as some clients read no other (remoting.md §1.3).</param>
    /// <param name="code">Response code, or request code when <paramref name="flag"/> has no response bit.</param>
    /// <param name="opaque">The request's opaque.</param>
    /// <param name="version">This server's version.</param>
    /// <param name="remark">Error text as UTF-8, empty for none.</param>
    /// <param name="flag">Flag bits; a response by default.</param>
    public ResponseFrameWriter(
        Span<byte> destination, SerializeType serializeType, int code, int opaque, int version,
        ReadOnlySpan<byte> remark = default, int flag = RemotingCommand.ResponseFlag)
    {
        _destination = destination;
        _serializeType = serializeType;
        _opaque = opaque;
        _version = version;
        _flag = flag;
        _remark = remark;
        _hasFields = false;
        _extLengthOffset = 0;
        _position = FrameLayout.PrefixSize;
        if (serializeType == SerializeType.Json)
        {
            Append("{\"code\":"u8);
            AppendNumber(code);
        }
        else
        {
            Span<byte> header = destination[FrameLayout.PrefixSize..];
            BinaryPrimitives.WriteInt16BigEndian(header, unchecked((short)code));
            header[2] = (byte)LanguageCode.DotNet;
            BinaryPrimitives.WriteInt16BigEndian(header[3..], (short)version);
            BinaryPrimitives.WriteInt32BigEndian(header[5..], opaque);
            BinaryPrimitives.WriteInt32BigEndian(header[9..], flag);
            BinaryPrimitives.WriteInt32BigEndian(header[13..], remark.Length);
            remark.CopyTo(header[RequestFrame.BinaryRemarkOffset..]);
            _extLengthOffset = FrameLayout.PrefixSize + RequestFrame.BinaryRemarkOffset + remark.Length;
            _position = _extLengthOffset + sizeof(int);
        }
    }

    /// <summary>Upper bound of one field in both formats.</summary>
    public static int MaxFieldBytes(int nameLength, int valueLength) => 16 + nameLength + JsonText.MaxEscapedLength(valueLength);

    /// <summary>Upper bound of a remark in both formats.</summary>
    public static int MaxRemarkBytes(int remarkLength) => JsonText.MaxEscapedLength(remarkLength) + 16;

    public void Add(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (_serializeType == SerializeType.Json)
        {
            BeginJsonField(name);
            _position += JsonText.Escape(value, _destination[_position..]);
            _destination[_position++] = (byte)'"';
        }
        else
        {
            AppendBinaryName(name);
            BinaryPrimitives.WriteInt32BigEndian(_destination[_position..], value.Length);
            _position += sizeof(int);
            Append(value);
        }
    }

    /// <summary>Numbers are strings on the wire too.</summary>
    public void Add(scoped ReadOnlySpan<byte> name, long value)
    {
        if (_serializeType == SerializeType.Json)
        {
            BeginJsonField(name);
            AppendNumber(value);
            _destination[_position++] = (byte)'"';
        }
        else
        {
            AppendBinaryName(name);
            int lengthAt = _position;
            _position += sizeof(int);
            AppendNumber(value);
            BinaryPrimitives.WriteInt32BigEndian(_destination[lengthAt..], _position - lengthAt - sizeof(int));
        }
    }

    public void Add(scoped ReadOnlySpan<byte> name, bool value) => Add(name, value ? "true"u8 : "false"u8);

    /// <summary>Finishes the header for a body of <paramref name="bodyLength"/> bytes and returns the bytes written so far: prefix and header, without the body.</summary>
    public int Complete(int bodyLength)
    {
        if (_serializeType == SerializeType.Json)
        {
            if (_hasFields)
            {
                _destination[_position++] = (byte)'}';
            }

            Append(",\"flag\":"u8);
            AppendNumber(_flag);
            Append(",\"language\":\"DOTNET\",\"opaque\":"u8);
            AppendNumber(_opaque);
            if (!_remark.IsEmpty)
            {
                Append(",\"remark\":\""u8);
                _position += JsonText.Escape(_remark, _destination[_position..]);
                _destination[_position++] = (byte)'"';
            }

            Append(",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":"u8);
            AppendNumber(_version);
            _destination[_position++] = (byte)'}';
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(_destination[_extLengthOffset..], _position - _extLengthOffset - sizeof(int));
        }

        FrameLayout.WritePrefix(_destination, _serializeType, _position - FrameLayout.PrefixSize, bodyLength);
        return _position;
    }

    private void BeginJsonField(scoped ReadOnlySpan<byte> name)
    {
        Append(_hasFields ? ",\""u8 : ",\"extFields\":{\""u8);
        _hasFields = true;
        Append(name);
        Append("\":\""u8);
    }

    private void AppendBinaryName(scoped ReadOnlySpan<byte> name)
    {
        BinaryPrimitives.WriteInt16BigEndian(_destination[_position..], (short)name.Length);
        _position += sizeof(short);
        Append(name);
    }

    private void AppendNumber(long value)
    {
        if (!Utf8Formatter.TryFormat(value, _destination[_position..], out int written))
        {
            throw new InvalidOperationException("the destination is too small for the header");
        }

        _position += written;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[_position..]);
        _position += bytes.Length;
    }
}
