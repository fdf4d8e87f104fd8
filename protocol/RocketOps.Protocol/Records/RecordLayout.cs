namespace RocketOps.Protocol.Records;

/// <summary>Numbers of the commit-log record.</summary>
// Commit-log record. Source: store.md §2.1, apache/rocketmq CommitLog. All integers big-endian; offsets for two IPv4 hosts, 12 more behind each IPv6 host.
//   off   size  field
//   0     4     totalSize                   whole record
//   4     4     magic                       V1, V2 (two-byte topic length) or blank
//   8     4     bodyCrc                     CRC-32 of the body, top bit cleared
//   12    4     queueId
//   16    4     flag
//   20    8     queueOffset
//   28    8     physicalOffset
//   36    4     sysFlag
//   40    8     bornTimestamp
//   48    8|20  bornHost                    address, 4-byte port
//   56    8     storeTimestamp
//   64    8|20  storeHost
//   72    4     reconsumeTimes
//   76    8     preparedTransactionOffset
//   84    4     bodyLength                  n
//   88    n     body
//   88+n  1|2   topicLength                 t
//         t     topic
//         2     propertiesLength            p
//         p     properties
//
// Blank record, fills a file: remaining bytes of the file (4), blank magic (4), anything.
public static class RecordLayout
{
    public const int MagicV1 = unchecked((int)0xDAA320A7);
    public const int MagicV2 = unchecked((int)0xDAA320AB);
    public const int MagicBlank = unchecked((int)0xCBD43194);

    public const int BlankBytes = 8;

    /// <summary>Everything but body, topic and properties, V1, two IPv4 hosts.</summary>
    public const int FixedBytes = 91;

    public const int IPv6ExtraBytes = 12;

    public const int MagicAt = 4;
    public const int BodyCrcAt = 8;
    public const int QueueIdAt = 12;
    public const int FlagAt = 16;
    public const int QueueOffsetAt = 20;
    public const int PhysicalOffsetAt = 28;
    public const int SysFlagAt = 36;
    public const int BornTimestampAt = 40;
    public const int BornHostAt = 48;

    public const int MaxTopicBytesV1 = 127;
    public const int MaxTopicBytesV2 = 255;
    public const int MaxPropertiesBytes = short.MaxValue;
}
