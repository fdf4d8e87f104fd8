using System.Collections.Frozen;

namespace RocketOps.Client;

/// <summary>
/// Properties that an application must not set by hand: those the Java client refuses (all of MessageConst.STRING_HASH_SET of 5.5.0), and
/// further names by which clients and brokers tell each other something. CHECK_IMMUNITY_TIME_IN_SECONDS and INNER_MULTI_DISPATCH are the
/// application's: how long nobody asks about a half message, and which light queues a message is in. Source: remoting.md §4.8.
/// </summary>
internal static class ReservedProperties
{
    public static readonly FrozenSet<string> Names = new[]
    {
        PropertyNames.Keys, PropertyNames.Tags, PropertyNames.Wait, PropertyNames.Delay, PropertyNames.UniqKey, PropertyNames.RetryTopic, PropertyNames.OriginMessageId,
        PropertyNames.ReconsumeTime, PropertyNames.MaxReconsumeTimes, PropertyNames.RealTopic, PropertyNames.RealQueueId, PropertyNames.TransactionPrepared, "PGROUP",
        "MIN_OFFSET", "MAX_OFFSET", "BUYER_ID", "TRANSFER_FLAG", "CORRECTION_FLAG", "MQ2_FLAG", PropertyNames.Region, PropertyNames.TraceOn, "CONSUME_START_TIME", "INSTANCE_ID",
        "CORRELATION_ID", "REPLY_TO_CLIENT", "TTL", "ARRIVE_TIME", "PUSH_REPLY_TIME", PropertyNames.Cluster, "MSG_TYPE", "EXTEND_UNIQ_INFO", "TRANSACTION_CHECK_TIMES",
        "TRAN_PREPARED_QUEUE_OFFSET", "POP_CK", "POP_CK_OFFSET", "1ST_POP_TIME", "INNER_NUM", "INNER_BASE",
        PropertyNames.TimerDelaySeconds, PropertyNames.TimerDelayMs, PropertyNames.TimerDeliverMs, PropertyNames.TimerEnqueueMs, PropertyNames.TimerDequeueMs, PropertyNames.TimerRollTimes,
        PropertyNames.TimerOutMs, PropertyNames.TimerDeleteUniqKey, "TIMER_DELAY_LEVEL", PropertyNames.ShardingKey, PropertyNames.TransactionId, "DUP_INFO", "INNER_MULTI_QUEUE_OFFSET",
        "__BORNHOST", "BORN_TIMESTAMP", "REDIRECT", "PROPERTY_FORWARD_QUEUE_ID", "__CRC32#", "_SYS_MSG_PRIORITY_", "__LITE_TOPIC", "ORIGIN_GROUP", "DLQ_ORIGIN_TOPIC",
        "DLQ_ORIGIN_MESSAGE_ID",
    }.ToFrozenSet(StringComparer.Ordinal);
}
