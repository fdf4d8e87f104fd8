using System.Collections.Frozen;

namespace RocketOps.Client;

/// <summary>
/// What an application must not set by hand, as in the Java client (MessageConst.STRING_HASH_SET). CHECK_IMMUNITY_TIME_IN_SECONDS is the application's: how long nobody asks about a half message.
/// Source: remoting.md §4.8.
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
        PropertyNames.TimerDelaySeconds, PropertyNames.TimerDelayMs, PropertyNames.TimerDeliverMs,
    }.ToFrozenSet(StringComparer.Ordinal);
}
