using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace RocketOps.Client;

/// <summary>Reads the records of a pull answer: commit-log records one after another, without a count. Source: remoting.md §4.1.</summary>
/// <remarks>
/// One record; all integers big-endian, h = 4 or 16 bytes of address plus 4 of port (sysFlag bits 4 and 5):
/// <code>
///   size  field
///   4     total size           4  magic (topic length: V1 1 byte, V2 2 bytes)
///   4     body CRC             4  queue id              4  flag
///   8     queue offset         8  physical offset       4  sysFlag
///   8     born time            h  born host             8  store time      h  store host
///   4     reconsume times      8  prepared offset
///   4+n   body                 1|2+n  topic             2+n  properties
/// </code>
/// </remarks>
internal static class StoredMessageDecoder
{
    public const int MagicV1 = unchecked((int)0xDAA320A7);
    public const int MagicV2 = unchecked((int)0xDAA320AB);

    /// <summary>
    /// Decodes the record at the start of <paramref name="bytes"/> and moves past it. The body borrows from <paramref name="bytes"/>.
    /// Throws <see cref="InvalidDataException"/> saying which field is wrong.
    /// </summary>
    public static StoredMessage Decode(ref ReadOnlyMemory<byte> bytes)
    {
        int total = bytes.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(bytes.Span) : 0;
        if (total < 8 || total > bytes.Length)
        {
            throw new InvalidDataException($"a record of {total} bytes does not fit into the {bytes.Length} bytes left");
        }

        Cursor record = new(bytes[..total]);
        bytes = bytes[total..];
        record.Skip(4);
        int magic = record.ReadInt32("magic");
        if (magic is not (MagicV1 or MagicV2))
        {
            throw new InvalidDataException($"magic {magic:X8} is no message");
        }

        record.Skip(4);
        int queueId = record.ReadInt32("queue id");
        int flag = record.ReadInt32("flag");
        long queueOffset = record.ReadInt64("queue offset");
        long physicalOffset = record.ReadInt64("physical offset");
        int sysFlag = record.ReadInt32("sysFlag");
        long born = record.ReadInt64("born time");
        IPEndPoint bornHost = record.ReadHost((sysFlag & SysFlag.BornHostV6) != 0, "born host");
        long stored = record.ReadInt64("store time");
        IPEndPoint storeHost = record.ReadHost((sysFlag & SysFlag.StoreHostV6) != 0, "store host");
        int reconsumeTimes = record.ReadInt32("reconsume times");
        record.Skip(8);
        ReadOnlyMemory<byte> body = record.Read(record.ReadInt32("body length"), "body");
        int topicLength = magic == MagicV1 ? record.ReadByte("topic length") : record.ReadInt16("topic length");
        string topic = Encoding.UTF8.GetString(record.Read(topicLength, "topic").Span);
        string properties = Encoding.UTF8.GetString(record.Read(record.ReadInt16("properties length"), "properties").Span);
        return new StoredMessage(
            topic, queueId, queueOffset, physicalOffset, flag, sysFlag, born, bornHost, stored, storeHost, reconsumeTimes, body, MessagePropertiesCodec.Read(properties));
    }

    private ref struct Cursor(ReadOnlyMemory<byte> record)
    {
        private ReadOnlyMemory<byte> _rest = record;

        public void Skip(int count) => Read(count, "fixed fields");

        public byte ReadByte(string field) => Read(1, field).Span[0];

        public short ReadInt16(string field) => BinaryPrimitives.ReadInt16BigEndian(Read(2, field).Span);

        public int ReadInt32(string field) => BinaryPrimitives.ReadInt32BigEndian(Read(4, field).Span);

        public long ReadInt64(string field) => BinaryPrimitives.ReadInt64BigEndian(Read(8, field).Span);

        public IPEndPoint ReadHost(bool version6, string field)
        {
            IPAddress address = new(Read(version6 ? 16 : 4, field).Span);
            int port = ReadInt32(field);
            return port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort ? new IPEndPoint(address, port) : throw new InvalidDataException($"{field}: {port} is no port");
        }

        public ReadOnlyMemory<byte> Read(int count, string field)
        {
            if (count < 0 || count > _rest.Length)
            {
                throw new InvalidDataException($"{field}: {count} bytes do not fit into the {_rest.Length} left in the record");
            }

            ReadOnlyMemory<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
