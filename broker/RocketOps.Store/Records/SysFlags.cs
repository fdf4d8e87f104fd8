namespace RocketOps.Store.Records;

/// <summary>Bits of a record's sysFlag that the store acts on (store.md §2.3).</summary>
internal static class SysFlags
{
    public const int TransactionMask = 0xC;
    public const int TransactionPrepared = 0x4;
    public const int TransactionCommit = 0x8;
    public const int TransactionRollback = 0xC;
    public const int BornHostIPv6 = 0x10;
    public const int StoreHostIPv6 = 0x20;

    /// <summary>Prepared and rolled-back records are in the log only: queue offset 0, no consume-queue unit.</summary>
    public static bool HasQueueUnit(int sysFlag) => (sysFlag & TransactionMask) is 0 or TransactionCommit;
}
