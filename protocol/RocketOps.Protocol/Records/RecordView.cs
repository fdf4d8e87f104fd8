using System.Buffers.Binary;
using System.Text;

namespace RocketOps.Protocol.Records;

/// <summary>A record read in place. Layout: <see cref="RecordLayout"/>. Borrows the bytes it was parsed from.</summary>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _storeTimestampAt;
    private readonly int _reconsumeTimesAt;

    private RecordView(ReadOnlySpan<byte> bytes, int storeTimestampAt, int reconsumeTimesAt, ReadOnlySpan<byte> body, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties)
    {
        _bytes = bytes;
        _storeTimestampAt = storeTimestampAt;
        _reconsumeTimesAt = reconsumeTimesAt;
        Body = body;
        Topic = topic;
        Properties = properties;
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public int Size => _bytes.Length;

    public int Magic => Int32(RecordLayout.MagicAt);

    public int BodyCrc => Int32(RecordLayout.BodyCrcAt);

    public int QueueId => Int32(RecordLayout.QueueIdAt);

    public int Flag => Int32(RecordLayout.FlagAt);

    public long QueueOffset => Int64(RecordLayout.QueueOffsetAt);

    public long PhysicalOffset => Int64(RecordLayout.PhysicalOffsetAt);

    public int SysFlag => Int32(RecordLayout.SysFlagAt);

    public long BornTimestamp => Int64(RecordLayout.BornTimestampAt);

    public MessageHost BornHost => Host(RecordLayout.BornHostAt, _storeTimestampAt);

    public long StoreTimestamp => Int64(_storeTimestampAt);

    public MessageHost StoreHost => Host(_storeTimestampAt + 8, _reconsumeTimesAt);

    public int ReconsumeTimes => Int32(_reconsumeTimesAt);

    public long PreparedTransactionOffset => Int64(_reconsumeTimesAt + 4);

    /// <summary>The fields that whoever stores the message once more takes over.</summary>
    public RecordFields Fields => new()
    {
        Flag = Flag,
        SysFlag = SysFlag,
        BornTimestamp = BornTimestamp,
        BornHost = BornHost,
        StoreHost = StoreHost,
        ReconsumeTimes = ReconsumeTimes,
        PreparedTransactionOffset = PreparedTransactionOffset,
    };

    /// <summary>Offset of the body within the record.</summary>
    public int BodyAt => _reconsumeTimesAt + sizeof(int) + sizeof(long) + sizeof(int);

    public ReadOnlySpan<byte> Body { get; }

    public ReadOnlySpan<byte> Topic { get; }

    public string TopicName => Encoding.UTF8.GetString(Topic);

    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>Returns the size that the record that begins here claims, unchecked; 0 when not even that is there.</summary>
    public static int SizeAt(ReadOnlySpan<byte> bytes) => bytes.Length >= sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;

    /// <summary>
    /// A record that came out of the store and was whole there; its body is not compared with the checksum. Throws <see cref="InvalidDataException"/> when the bytes are none.
    /// </summary>
    public static RecordView Read(ReadOnlySpan<byte> record)
    {
        RecordCheck check = Parse(record, expectedOffset: -1, verifyCrc: false, out RecordView view);
        return check == RecordCheck.Valid ? view : throw new InvalidDataException($"no message record: {check}");
    }

    /// <summary>
    /// Reads what begins at the start of <paramref name="bytes"/>, which may go on behind it. With <paramref name="expectedOffset"/> ≥ 0 the record must claim
    /// to lie there. Every length is checked before it is used.
    /// </summary>
    /// <param name="bytes">The log from there on.</param>
    /// <param name="expectedOffset">Offset the bytes were read from, or −1.</param>
    /// <param name="verifyCrc">Also compares the body with its checksum.</param>
    /// <param name="record">The record when valid.</param>
    public static RecordCheck Parse(ReadOnlySpan<byte> bytes, long expectedOffset, bool verifyCrc, out RecordView record)
    {
        record = default;
        if (bytes.Length < RecordLayout.BlankBytes)
        {
            return bytes.IndexOfAnyExcept((byte)0) < 0 ? RecordCheck.Empty : RecordCheck.Incomplete;
        }

        int totalSize = BinaryPrimitives.ReadInt32BigEndian(bytes);
        int magic = BinaryPrimitives.ReadInt32BigEndian(bytes[RecordLayout.MagicAt..]);
        if (magic == RecordLayout.MagicBlank)
        {
            return RecordCheck.Blank;
        }

        if (totalSize == 0 && magic == 0)
        {
            return RecordCheck.Empty;
        }

        if (magic is not (RecordLayout.MagicV1 or RecordLayout.MagicV2))
        {
            return RecordCheck.BadMagic;
        }

        int topicLengthBytes = magic == RecordLayout.MagicV2 ? 2 : 1;
        if (totalSize < RecordLayout.FixedBytes + topicLengthBytes - 1)
        {
            return RecordCheck.BadSize;
        }

        if (totalSize > bytes.Length)
        {
            return RecordCheck.Incomplete;
        }

        bytes = bytes[..totalSize];
        int sysFlag = BinaryPrimitives.ReadInt32BigEndian(bytes[RecordLayout.SysFlagAt..]);
        int storeTimestampAt = RecordLayout.BornHostAt + ((sysFlag & SysFlags.BornHostIPv6) != 0 ? 20 : 8);
        int reconsumeTimesAt = storeTimestampAt + 8 + ((sysFlag & SysFlags.StoreHostIPv6) != 0 ? 20 : 8);
        int bodyLengthAt = reconsumeTimesAt + 12;
        if (bodyLengthAt + 4 + topicLengthBytes + 2 > totalSize)
        {
            return RecordCheck.BadLengths;
        }

        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(bytes[bodyLengthAt..]);
        int bodyAt = bodyLengthAt + 4;
        if (bodyLength < 0 || bodyLength > totalSize - bodyAt - topicLengthBytes - 2)
        {
            return RecordCheck.BadLengths;
        }

        // A length of one byte is signed in Java, but every writer refuses more than 127.
        int topicLengthAt = bodyAt + bodyLength;
        ushort topicLength = topicLengthBytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[topicLengthAt..]) : bytes[topicLengthAt];
        int topicAt = topicLengthAt + topicLengthBytes;
        if (topicLength == 0 || topicLength > totalSize - topicAt - 2)
        {
            return RecordCheck.BadLengths;
        }

        int propertiesAt = topicAt + topicLength + 2;
        short propertiesLength = BinaryPrimitives.ReadInt16BigEndian(bytes[(propertiesAt - 2)..]);
        if (propertiesLength < 0 || propertiesAt + propertiesLength != totalSize)
        {
            return RecordCheck.BadLengths;
        }

        long physicalOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[RecordLayout.PhysicalOffsetAt..]);
        if (expectedOffset >= 0 && physicalOffset != expectedOffset)
        {
            return RecordCheck.WrongOffset;
        }

        ReadOnlySpan<byte> body = bytes.Slice(bodyAt, bodyLength);
        if (verifyCrc && MaskedCrc32.Compute(body) != BinaryPrimitives.ReadInt32BigEndian(bytes[RecordLayout.BodyCrcAt..]))
        {
            return RecordCheck.BadCrc;
        }

        record = new RecordView(bytes, storeTimestampAt, reconsumeTimesAt, body, bytes.Slice(topicAt, topicLength), bytes.Slice(propertiesAt, propertiesLength));
        return RecordCheck.Valid;
    }

    private int Int32(int at) => BinaryPrimitives.ReadInt32BigEndian(_bytes[at..]);

    private long Int64(int at) => BinaryPrimitives.ReadInt64BigEndian(_bytes[at..]);

    private MessageHost Host(int at, int end) => MessageHost.FromBytes(_bytes[at..(end - 4)], Int32(end - 4));
}
