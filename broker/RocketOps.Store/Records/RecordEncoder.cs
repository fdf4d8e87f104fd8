using System.Buffers.Binary;

namespace RocketOps.Store.Records;

/// <summary>
/// Writes records. What does not depend on the place in the log is gathered outside the append lock (<see cref="Size"/>, checksum); <see cref="Encode"/> then
/// writes straight into the tail. Layout: <see cref="RecordLayout"/>.
/// </summary>
internal readonly ref struct RecordEncoder
{
    private readonly ref readonly RecordFields _fields;

    /// <summary>An encoder of a record with those fields, which are borrowed.</summary>
    public RecordEncoder(ref readonly RecordFields fields)
    {
        _fields = ref fields;
        Flag = fields.Flag;
        SysFlag = fields.SysFlagOfHosts;
    }

    public required ReadOnlySpan<byte> Topic { get; init; }

    public required int QueueId { get; init; }

    /// <summary>The fields' own, if nothing else is said.</summary>
    public int Flag { get; init; }

    /// <summary>The fields' own with the IPv6 bits set from the hosts, whose lengths readers know by them.</summary>
    public int SysFlag { get; }

    public required ReadOnlySpan<byte> Body { get; init; }

    public required int BodyCrc { get; init; }

    public required PropertyParts Properties { get; init; }

    public bool IsV2 => Topic.Length > RecordLayout.MaxTopicBytesV1;

    /// <summary>A long: three parts of at most 2 GiB each are added before anybody checks the sum.</summary>
    public long Size => (long)RecordLayout.FixedBytes + (IsV2 ? 1 : 0) + (_fields.BornHost.IsIPv6 ? RecordLayout.IPv6ExtraBytes : 0)
        + (_fields.StoreHost.IsIPv6 ? RecordLayout.IPv6ExtraBytes : 0) + Body.Length + Topic.Length + Properties.Length;

    /// <summary>Fills the destination, which is exactly <see cref="Size"/> long.</summary>
    public void Encode(Span<byte> destination, long physicalOffset, long queueOffset, long storeTimestamp)
    {
        ref readonly RecordFields fields = ref _fields;
        BinaryPrimitives.WriteInt32BigEndian(destination, destination.Length);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.MagicAt..], IsV2 ? RecordLayout.MagicV2 : RecordLayout.MagicV1);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.BodyCrcAt..], BodyCrc);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.QueueIdAt..], QueueId);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.FlagAt..], Flag);
        BinaryPrimitives.WriteInt64BigEndian(destination[RecordLayout.QueueOffsetAt..], queueOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[RecordLayout.PhysicalOffsetAt..], physicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.SysFlagAt..], SysFlag);
        BinaryPrimitives.WriteInt64BigEndian(destination[RecordLayout.BornTimestampAt..], fields.BornTimestamp);
        Span<byte> rest = destination[RecordLayout.BornHostAt..];
        rest = rest[fields.BornHost.Write(rest)..];
        BinaryPrimitives.WriteInt64BigEndian(rest, storeTimestamp);
        rest = rest[8..];
        rest = rest[fields.StoreHost.Write(rest)..];
        BinaryPrimitives.WriteInt32BigEndian(rest, fields.ReconsumeTimes);
        BinaryPrimitives.WriteInt64BigEndian(rest[4..], fields.PreparedTransactionOffset);
        BinaryPrimitives.WriteInt32BigEndian(rest[12..], Body.Length);
        Body.CopyTo(rest[16..]);
        rest = rest[(16 + Body.Length)..];
        if (IsV2)
        {
            BinaryPrimitives.WriteInt16BigEndian(rest, (short)Topic.Length);
            rest = rest[2..];
        }
        else
        {
            rest[0] = (byte)Topic.Length;
            rest = rest[1..];
        }

        Topic.CopyTo(rest);
        rest = rest[Topic.Length..];
        BinaryPrimitives.WriteInt16BigEndian(rest, (short)Properties.Length);
        Properties.CopyTo(rest[2..]);
    }
}
