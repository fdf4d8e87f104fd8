using System.Buffers.Binary;
using System.Text;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// The records that units of a queue name: whether they are messages of that queue. Reads heads and topics of records, no bodies; may wait
/// for the disk.
/// </summary>
internal sealed class UnitTarget
{
    /// <summary>Largest head of a record up to its body: both hosts of IPv6.</summary>
    private const int MostHeadBytes = 88 + (2 * RecordLayout.IPv6ExtraBytes);

    private readonly LogSegments _log;
    private readonly QueueEnvironment _environment;
    private readonly QueueName _name;
    private readonly byte[] _topic;
    private readonly bool _isLight;

    public UnitTarget(LogSegments log, QueueEnvironment environment, in QueueName name)
    {
        _log = log;
        _environment = environment;
        _name = name;
        _topic = Encoding.UTF8.GetBytes(name.Topic);

        // Units of light queues point to records of another topic.
        _isLight = TopicNames.IsLight(name.Topic);
    }

    /// <summary>
    /// Tells whether a unit points to its message. One that points before the log is taken for right, as its record has expired; so is
    /// filler.
    /// </summary>
    public bool IsRight(QueueFiles files, long index)
    {
        Span<byte> bytes = stackalloc byte[QueueFiles.MaxUnitBytes];
        bytes = bytes[..files.UnitBytes];
        if (files.Read(index, bytes, mayBlock: true) != 1 || files.Decode(bytes) is not { IsWritten: true } unit)
        {
            return false;
        }

        return unit.IsFiller || unit.PhysicalOffset < _log.MinOffset
            || IsRight(unit, _environment.IsBatch ? BatchUnit.Read(bytes).BaseOffset : index);
    }

    private bool IsRight(in ConsumeQueueUnit unit, long queueOffset)
    {
        Span<byte> head = stackalloc byte[MostHeadBytes];
        int length = _log.Read(unit.PhysicalOffset, head, mayBlock: true);
        if (length < RecordLayout.FixedBytes
            || BinaryPrimitives.ReadInt32BigEndian(head) != unit.RecordSize
            || BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.PhysicalOffsetAt..]) != unit.PhysicalOffset)
        {
            return false;
        }

        int magic = BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.MagicAt..]);
        if (magic is not (RecordLayout.MagicV1 or RecordLayout.MagicV2))
        {
            return false;
        }

        return _isLight
            || (BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.QueueIdAt..]) == _name.QueueId
                && BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.QueueOffsetAt..]) == queueOffset
                && IsOfTopic(unit, head[..length], magic));
    }

    private bool IsOfTopic(in ConsumeQueueUnit unit, ReadOnlySpan<byte> head, int magic)
    {
        int sysFlag = BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.SysFlagAt..]);
        int hosts = ((sysFlag & SysFlags.BornHostIPv6) != 0 ? 1 : 0) + ((sysFlag & SysFlags.StoreHostIPv6) != 0 ? 1 : 0);
        int bodyAt = 88 + (hosts * RecordLayout.IPv6ExtraBytes);
        if (head.Length < bodyAt)
        {
            return false;
        }

        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(head[(bodyAt - 4)..]);
        int prefix = magic == RecordLayout.MagicV2 ? 2 : 1;
        if (bodyLength < 0 || bodyLength > unit.RecordSize - bodyAt - prefix)
        {
            return false;
        }

        Span<byte> topic = stackalloc byte[prefix + RecordLayout.MaxTopicBytesV2];
        int length = _log.Read(unit.PhysicalOffset + bodyAt + bodyLength,
            topic[..(prefix + Math.Min(_topic.Length, RecordLayout.MaxTopicBytesV2))], mayBlock: true);
        return length == prefix + _topic.Length
            && (prefix == 2 ? BinaryPrimitives.ReadInt16BigEndian(topic) : topic[0]) == _topic.Length
            && topic[prefix..length].SequenceEqual(_topic);
    }
}
