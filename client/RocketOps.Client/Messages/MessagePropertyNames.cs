using System.Collections.Frozen;

namespace RocketOps.Client;

/// <summary>Names of message properties that the protocol uses. Source: remoting.md §4.8.</summary>
internal static class MessagePropertyNames
{
    public const char KeySeparator = ' ';
    public const string Keys = "KEYS";
    public const string Tags = "TAGS";
    public const string Wait = "WAIT";
    public const string DelayLevel = "DELAY";
    public const string UniqueKey = "UNIQ_KEY";
    public const string RetryTopic = "RETRY_TOPIC";
    public const string OriginMessageId = "ORIGIN_MESSAGE_ID";
    public const string ReconsumeTime = "RECONSUME_TIME";
    public const string MaxReconsumeTimes = "MAX_RECONSUME_TIMES";
    public const string ShardingKey = "__SHARDINGKEY";

    /// <summary>What an application must not set by hand, as in the Java client (MessageConst.STRING_HASH_SET).</summary>
    public static readonly FrozenSet<string> Reserved = new[]
    {
        Keys, Tags, Wait, DelayLevel, UniqueKey, RetryTopic, OriginMessageId, ReconsumeTime, MaxReconsumeTimes, "REAL_TOPIC", "REAL_QID", "TRAN_MSG", "PGROUP",
        "MIN_OFFSET", "MAX_OFFSET", "BUYER_ID", "TRANSFER_FLAG", "CORRECTION_FLAG", "MQ2_FLAG", "MSG_REGION", "TRACE_ON", "CONSUME_START_TIME", "INSTANCE_ID",
        "CORRELATION_ID", "REPLY_TO_CLIENT", "TTL", "ARRIVE_TIME", "PUSH_REPLY_TIME", "CLUSTER", "MSG_TYPE", "EXTEND_UNIQ_INFO", "TRANSACTION_CHECK_TIMES",
        "CHECK_IMMUNITY_TIME_IN_SECONDS", "TRAN_PREPARED_QUEUE_OFFSET", "POP_CK", "POP_CK_OFFSET", "1ST_POP_TIME", "INNER_NUM", "INNER_BASE",
        "TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_DELIVER_MS",
    }.ToFrozenSet(StringComparer.Ordinal);
}
