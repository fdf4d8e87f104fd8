namespace RocketOps.Protocol.Records;

/// <summary>
/// Fields of a record that its sender or the broker decides, all of fixed width: one value on the way from a request to the log, and from
/// one record to the next. Topic, queue, body and properties go beside it; size, offsets, store timestamp and checksum are the store's
/// business. Source: store.md §2.1.
/// </summary>
public readonly record struct RecordFields
{
    /// <summary>The producer's opaque flag, any number.</summary>
    public int Flag { get; init; }

    /// <summary>
    /// Bits of <see cref="SysFlags"/> (store.md §2.3). Transaction type prepared (0x4) and rollback (0xC) get queue offset 0 and no
    /// consume-queue unit.
    /// </summary>
    public int SysFlag { get; init; }

    /// <summary>Milliseconds since 1970 by the producer's clock: any number.</summary>
    public long BornTimestamp { get; init; }

    /// <summary>Address that the producer's connection comes from.</summary>
    public MessageHost BornHost { get; init; }

    /// <summary>Address of the broker that stores the record.</summary>
    public MessageHost StoreHost { get; init; }

    /// <summary>Times that consumers have given the message back, as its sender counts them: any number, 0 for a new one.</summary>
    public int ReconsumeTimes { get; init; }

    /// <summary>Commit-log offset in bytes of the half of a committed transaction; 0 for other messages.</summary>
    public long PreparedTransactionOffset { get; init; }

    /// <summary><see cref="SysFlag"/> as a record has it: the bits that tell IPv6 hosts (store.md §2.3) are as the two hosts are.</summary>
    public int SysFlagOfHosts => (SysFlag & ~(SysFlags.BornHostIPv6 | SysFlags.StoreHostIPv6))
        | (BornHost.IsIPv6 ? SysFlags.BornHostIPv6 : 0)
        | (StoreHost.IsIPv6 ? SysFlags.StoreHostIPv6 : 0);
}
