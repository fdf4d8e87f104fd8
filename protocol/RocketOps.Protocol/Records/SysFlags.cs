namespace RocketOps.Protocol.Records;

/// <summary>Bits of a message's sysFlag (remoting.md §4.3, store.md §2.3).</summary>
public static class SysFlags
{
    public const int Compressed = 0x1;
    public const int TransactionMask = 0xC;
    public const int TransactionPrepared = 0x4;
    public const int TransactionCommit = 0x8;
    public const int TransactionRollback = 0xC;
    public const int BornHostIPv6 = 0x10;
    public const int StoreHostIPv6 = 0x20;

    /// <summary>The body is a client batch, which consumers take apart.</summary>
    public const int NeedsUnwrap = 0x40;

    /// <summary>The record holds several messages of its queue: <see cref="PropertyNames.InnerNum"/> of them from <see cref="PropertyNames.InnerBase"/> on.</summary>
    public const int InnerBatch = 0x80;

    /// <summary>Compression type of a compressed body; <see cref="OldZlib"/> is what clients write that know no other.</summary>
    public const int CompressionMask = 0x700;
    public const int OldZlib = 0;
    public const int Lz4 = 0x100;
    public const int Zstd = 0x200;
    public const int Zlib = 0x300;

    /// <summary>Prepared and rolled-back records are in the log only: queue offset 0, no consume-queue unit.</summary>
    public static bool HasQueueUnit(int sysFlag) => (sysFlag & TransactionMask) is 0 or TransactionCommit;
}
