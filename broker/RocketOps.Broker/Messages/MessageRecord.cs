using System.Buffers.Binary;
using System.Net;
using System.Text;
using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>A stored message over borrowed bytes, as the commit log holds it and pulls deliver it.</summary>
internal readonly ref struct MessageRecord
{
    // Record, source remoting.md §4.1 and store.md §2.1, big-endian; positions for two IPv4 hosts.
    //   off   size  field
    //   0     4     total size
    //   4     4     magic (V1 one byte of topic length, V2 two)
    //   8     4     body CRC
    //   12    4     queue id
    //   16    4     flag
    //   20    8     queue offset
    //   28    8     physical offset
    //   36    4     sysFlag
    //   40    8     born timestamp
    //   48    8/20  born host: address, 4-byte port
    //   56    8     store timestamp
    //   64    8/20  store host
    //   72    4     reconsume times
    //   76    8     prepared transaction offset
    //   84    4     body length b
    //   88    b     body
    //         1/2   topic length t, then t bytes
    //         2     properties length p, then p bytes
    private const int MagicV2 = unchecked((int)0xDAA320AB);
    private const int MagicV1 = unchecked((int)0xDAA320A7);
    private const int BornHostOffset = 48;
    private const int SysFlagBornHostV6 = 0x10;
    private const int SysFlagStoreHostV6 = 0x20;

    private MessageRecord(ReadOnlySpan<byte> record, MessageHost bornHost, MessageHost storeHost, int afterBornHost, int afterStoreHost, ReadOnlySpan<byte> body, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties)
    {
        QueueId = BinaryPrimitives.ReadInt32BigEndian(record[12..]);
        Flag = BinaryPrimitives.ReadInt32BigEndian(record[16..]);
        QueueOffset = BinaryPrimitives.ReadInt64BigEndian(record[20..]);
        PhysicalOffset = BinaryPrimitives.ReadInt64BigEndian(record[28..]);
        SysFlag = BinaryPrimitives.ReadInt32BigEndian(record[36..]);
        BornTimestamp = BinaryPrimitives.ReadInt64BigEndian(record[40..]);
        BornHost = bornHost;
        StoreTimestamp = BinaryPrimitives.ReadInt64BigEndian(record[afterBornHost..]);
        StoreHost = storeHost;
        ReconsumeTimes = BinaryPrimitives.ReadInt32BigEndian(record[afterStoreHost..]);
        Body = body;
        Topic = topic;
        Properties = properties;
    }

    public int QueueId { get; }

    public int Flag { get; }

    public long QueueOffset { get; }

    public long PhysicalOffset { get; }

    public int SysFlag { get; }

    public long BornTimestamp { get; }

    public MessageHost BornHost { get; }

    public long StoreTimestamp { get; }

    public MessageHost StoreHost { get; }

    public int ReconsumeTimes { get; }

    public ReadOnlySpan<byte> Body { get; }

    public ReadOnlySpan<byte> Topic { get; }

    public string TopicName => Encoding.UTF8.GetString(Topic);

    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>Size of the record that begins here, 0 when there is none.</summary>
    public static int SizeAt(ReadOnlySpan<byte> bytes) => bytes.Length >= sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;

    /// <summary>Parses one record. Throws <see cref="InvalidDataException"/> when the bytes are none: the store hands out whole records only.</summary>
    public static MessageRecord Parse(ReadOnlySpan<byte> record)
    {
        try
        {
            int magic = BinaryPrimitives.ReadInt32BigEndian(record[4..]);
            if (magic is not (MagicV1 or MagicV2))
            {
                throw new InvalidDataException($"no message record: magic 0x{magic:X8}");
            }

            int sysFlag = BinaryPrimitives.ReadInt32BigEndian(record[36..]);
            int position = BornHostOffset;
            MessageHost bornHost = ReadHost(record, ref position, (sysFlag & SysFlagBornHostV6) != 0);
            int afterBornHost = position;
            position += sizeof(long);
            MessageHost storeHost = ReadHost(record, ref position, (sysFlag & SysFlagStoreHostV6) != 0);
            int afterStoreHost = position;
            position += sizeof(int) + sizeof(long);
            ReadOnlySpan<byte> body = Take(record, ref position, BinaryPrimitives.ReadInt32BigEndian(record[position..]), sizeof(int));
            ReadOnlySpan<byte> topic = magic == MagicV2
                ? Take(record, ref position, BinaryPrimitives.ReadUInt16BigEndian(record[position..]), sizeof(ushort))
                : Take(record, ref position, record[position], sizeof(byte));
            ReadOnlySpan<byte> properties = Take(record, ref position, BinaryPrimitives.ReadUInt16BigEndian(record[position..]), sizeof(ushort));
            return new MessageRecord(record, bornHost, storeHost, afterBornHost, afterStoreHost, body, topic, properties);
        }
        catch (ArgumentOutOfRangeException beyond)
        {
            throw new InvalidDataException("no message record: it ends too early", beyond);
        }
        catch (IndexOutOfRangeException beyond)
        {
            throw new InvalidDataException("no message record: it ends too early", beyond);
        }
    }

    private static MessageHost ReadHost(ReadOnlySpan<byte> record, scoped ref int position, bool isIPv6)
    {
        int size = isIPv6 ? 16 : 4;
        MessageHost host = MessageHost.From(new IPAddress(record.Slice(position, size)), BinaryPrimitives.ReadInt32BigEndian(record[(position + size)..]));
        position += size + sizeof(int);
        return host;
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> record, scoped ref int position, int length, int lengthSize)
    {
        ReadOnlySpan<byte> taken = record.Slice(position + lengthSize, length);
        position += lengthSize + length;
        return taken;
    }
}
