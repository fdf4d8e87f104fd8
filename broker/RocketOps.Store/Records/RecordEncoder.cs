using System.Buffers.Binary;

namespace RocketOps.Store.Records;

/// <summary>
/// Writes records. What does not depend on the place in the log is gathered outside the append lock (<see cref="Size"/>, checksum); <see cref="Encode"/> then
/// writes straight into the tail. Layout: <see cref="RecordLayout"/>.
/// </summary>
internal readonly ref struct RecordEncoder
{
    public required ReadOnlySpan<byte> Topic { get; init; }

    public required int QueueId { get; init; }

    /// <summary>Fields of the record. The IPv6 bits of the sysFlag are set from the hosts, whose lengths readers know by them.</summary>
    public required RecordFields Fields { get; init => field = value.WithHostBits(); }

    public required ReadOnlySpan<byte> Body { get; init; }

    public required int BodyCrc { get; init; }

    public required PropertyParts Properties { get; init; }

    public bool IsV2 => Topic.Length > RecordLayout.MaxTopicBytesV1;

    /// <summary>A long: three parts of at most 2 GiB each are added before anybody checks the sum.</summary>
    public long Size => (long)RecordLayout.FixedBytes + (IsV2 ? 1 : 0) + (Fields.BornHost.IsIPv6 ? RecordLayout.IPv6ExtraBytes : 0)
        + (Fields.StoreHost.IsIPv6 ? RecordLayout.IPv6ExtraBytes : 0) + Body.Length + Topic.Length + Properties.Length;

    /// <summary>Fills the destination, which is exactly <see cref="Size"/> long.</summary>
    public void Encode(Span<byte> destination, long physicalOffset, long queueOffset, long storeTimestamp)
    {
        RecordFields fields = Fields;
        BinaryPrimitives.WriteInt32BigEndian(destination, destination.Length);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.MagicAt..], IsV2 ? RecordLayout.MagicV2 : RecordLayout.MagicV1);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.BodyCrcAt..], BodyCrc);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.QueueIdAt..], QueueId);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.FlagAt..], fields.Flag);
        BinaryPrimitives.WriteInt64BigEndian(destination[RecordLayout.QueueOffsetAt..], queueOffset);
        BinaryPrimitives.WriteInt64BigEndian(destination[RecordLayout.PhysicalOffsetAt..], physicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(destination[RecordLayout.SysFlagAt..], fields.SysFlag);
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
