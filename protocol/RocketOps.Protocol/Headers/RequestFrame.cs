using System.Buffers.Binary;
using System.Text;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>
/// One whole frame, request or response, over borrowed bytes: valid only until the handler it is given to returns.
/// The fixed header members are parsed; the header fields are read one by one with <see cref="ExtFieldReader"/> or all at once with <see cref="ToCommand"/>.
/// </summary>
public readonly ref struct RequestFrame
{
    //   ROCKETMQ binary header, source remoting.md §1.3, big-endian.
    //   off     size  field
    //   0       2     code        i16
    //   2       1     language
    //   3       2     version     i16
    //   5       4     opaque
    //   9       4     flag
    //   13      4     remarkLen   r
    //   17      r     remark
    //   17+r    4     extLen      e
    //   21+r    e     entries: keyLen i16, key, valLen i32, value
    internal const int BinaryFixedSize = 21;
    internal const int BinaryRemarkOffset = 17;

    private RequestFrame(
        int headerBytes, SerializeType serializeType, int code, LanguageCode language, int version, int opaque, int flag,
        RawRemark remark, ReadOnlySpan<byte> extFields, ReadOnlySpan<byte> body)
    {
        FrameBytes = FrameLayout.PrefixSize + headerBytes + body.Length;
        SerializeType = serializeType;
        Code = code;
        Language = language;
        Version = version;
        Opaque = opaque;
        Flag = flag;
        Remark = remark;
        RawExtFields = extFields;
        Body = body;
    }

    public SerializeType SerializeType { get; }

    public int Code { get; }

    public LanguageCode Language { get; }

    public int Version { get; }

    public int Opaque { get; }

    public int Flag { get; }

    /// <summary>Body bytes; empty when there is none.</summary>
    public ReadOnlySpan<byte> Body { get; }

    public bool IsResponse => (Flag & RemotingCommand.ResponseFlag) != 0;

    public bool IsOneWay => (Flag & RemotingCommand.OneWayFlag) != 0;

    /// <summary>Length of the whole frame in bytes, its own length field included.</summary>
    public int FrameBytes { get; }

    /// <summary>Bytes an <see cref="ExtFieldReader"/> of this frame may need for unescaped values.</summary>
    public int ScratchBytes => RawExtFields.Length;

    /// <summary>The header fields as they stand in the frame: a JSON object or binary entries. Its length bounds what unescaping them can need.</summary>
    internal ReadOnlySpan<byte> RawExtFields { get; }

    /// <summary>True when there is a remark; requests of clients have none.</summary>
    public bool HasRemark => !Remark.Bytes.IsEmpty;

    private RawRemark Remark { get; }

    /// <summary>
    /// Parses a whole frame, length field included. Throws <see cref="FrameFormatException"/> when it is malformed, or its header longer than <paramref name="maxHeaderBytes"/>.
    /// </summary>
    public static RequestFrame Parse(ReadOnlySpan<byte> frame, int maxHeaderBytes = int.MaxValue)
    {
        FrameLayout.Split(frame, out SerializeType serializeType, out ReadOnlySpan<byte> header, out ReadOnlySpan<byte> body);
        FrameLayout.CheckHeader(frame, maxHeaderBytes);
        return serializeType == SerializeType.Json ? ParseJson(header, body) : ParseBinary(header, body);
    }

    /// <summary>Copies everything into a command of its own.</summary>
    public RemotingCommand ToCommand()
    {
        RemotingCommand command = new()
        {
            Code = Code,
            Language = Language,
            Version = Version,
            Opaque = Opaque,
            Flag = Flag,
            SerializeType = SerializeType,
            Remark = Remark.Read(),
        };
        if (!RawExtFields.IsEmpty)
        {
            byte[] scratch = SerializeType == SerializeType.Json ? new byte[RawExtFields.Length] : [];
            ExtFieldReader reader = new(this, scratch);
            while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                command.Set(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value));
            }
        }

        if (!Body.IsEmpty)
        {
            command.Body = Body.ToArray();
        }

        return command;
    }

    private static RequestFrame ParseJson(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        int code = 0, version = 0, opaque = 0, flag = 0;
        LanguageCode language = LanguageCode.Java;
        RawRemark remark = default;
        ReadOnlySpan<byte> extFields = default;
        JsonHeaderScanner scanner = new(header);
        scanner.EnterObject();
        while (scanner.TryReadName(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("extFields"u8))
            {
                extFields = scanner.ReadValue(out _, out bool isNull);
                if (isNull)
                {
                    extFields = default;
                }
                else if (extFields.IsEmpty || extFields[0] != (byte)'{')
                {
                    throw new FrameFormatException("JSON header: extFields is no object");
                }
            }
            else if (name.SequenceEqual("code"u8))
            {
                code = scanner.ReadInt32();
            }
            else if (name.SequenceEqual("opaque"u8))
            {
                opaque = scanner.ReadInt32();
            }
            else if (name.SequenceEqual("flag"u8))
            {
                flag = scanner.ReadInt32();
            }
            else if (name.SequenceEqual("version"u8))
            {
                version = scanner.ReadInt32();
            }
            else if (name.SequenceEqual("language"u8))
            {
                language = LanguageNames.FromUtf8(scanner.ReadValue(out _, out _));
            }
            else if (name.SequenceEqual("remark"u8))
            {
                ReadOnlySpan<byte> bytes = scanner.ReadValue(out bool isEscaped, out bool isNull);
                remark = isNull ? default : new RawRemark(bytes, isEscaped);
            }
            else
            {
                scanner.ReadValue(out _, out _);
            }
        }

        scanner.ExpectEnd();
        return new RequestFrame(header.Length, SerializeType.Json, code, language, version, opaque, flag, remark, extFields, body);
    }

    private static RequestFrame ParseBinary(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        if (header.Length < BinaryFixedSize)
        {
            throw new FrameFormatException($"binary header of {header.Length} bytes is shorter than the minimum of {BinaryFixedSize}");
        }

        int remarkLength = BinaryPrimitives.ReadInt32BigEndian(header[13..]);
        if (remarkLength < 0 || remarkLength > header.Length - BinaryFixedSize)
        {
            throw new FrameFormatException($"binary header: remark length {remarkLength} exceeds the header of {header.Length} bytes");
        }

        int extLength = BinaryPrimitives.ReadInt32BigEndian(header[(BinaryRemarkOffset + remarkLength)..]);
        if (extLength < 0 || extLength > header.Length - BinaryFixedSize - remarkLength)
        {
            throw new FrameFormatException($"binary header: field map length {extLength} exceeds the header of {header.Length} bytes");
        }

        ReadOnlySpan<byte> extFields = header.Slice(BinaryFixedSize + remarkLength, extLength);
        return new RequestFrame(
            header.Length,
            SerializeType.RocketMq,
            BinaryPrimitives.ReadInt16BigEndian(header),
            (LanguageCode)header[2],
            BinaryPrimitives.ReadInt16BigEndian(header[3..]),
            BinaryPrimitives.ReadInt32BigEndian(header[5..]),
            BinaryPrimitives.ReadInt32BigEndian(header[9..]),
            new RawRemark(header.Slice(BinaryRemarkOffset, remarkLength), isEscaped: false),
            extFields,
            body);
    }

    /// <summary>Remark as it stands in the frame: UTF-8, or the inside of a JSON string with escapes.</summary>
    private readonly ref struct RawRemark(ReadOnlySpan<byte> bytes, bool isEscaped)
    {
        /// <summary>Empty when there is none.</summary>
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        private bool IsEscaped { get; } = isEscaped;

        public string? Read()
        {
            if (Bytes.IsEmpty)
            {
                return null;
            }

            if (!IsEscaped)
            {
                return Encoding.UTF8.GetString(Bytes);
            }

            byte[] unescaped = new byte[Bytes.Length];
            return Encoding.UTF8.GetString(unescaped, 0, JsonText.Unescape(Bytes, unescaped));
        }
    }
}
