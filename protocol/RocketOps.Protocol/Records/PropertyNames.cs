namespace RocketOps.Protocol.Records;

/// <summary>
/// Names of message properties that broker, store or client read or write; <see cref="Utf8"/> has those that are compared byte by byte. Source: remoting.md §4.8,
/// apache/rocketmq MessageConst.
/// </summary>
public static class PropertyNames
{
    public const string CheckImmunitySeconds = "CHECK_IMMUNITY_TIME_IN_SECONDS";
    public const string Cluster = "CLUSTER";
    public const string CorrelationId = "CORRELATION_ID";
    public const string Delay = "DELAY";
    public const string InnerBase = "INNER_BASE";
    public const string InnerNum = "INNER_NUM";
    public const string Keys = "KEYS";
    public const string MaxReconsumeTimes = "MAX_RECONSUME_TIMES";
    public const string MessageType = "MSG_TYPE";
    public const string OriginMessageId = "ORIGIN_MESSAGE_ID";
    public const string ProducerGroup = "PGROUP";
    public const string PushReplyTime = "PUSH_REPLY_TIME";
    public const string RealQueueId = "REAL_QID";
    public const string RealTopic = "REAL_TOPIC";
    public const string ReconsumeTime = "RECONSUME_TIME";
    public const string Region = "MSG_REGION";
    public const string ReplyToClient = "REPLY_TO_CLIENT";
    public const string RetryTopic = "RETRY_TOPIC";
    public const string ShardingKey = "__SHARDINGKEY";
    public const string Tags = "TAGS";
    public const string TimeToLive = "TTL";
    public const string TimerDeleteUniqKey = "TIMER_DEL_UNIQKEY";
    public const string TimerDequeueMs = "TIMER_DEQUEUE_MS";
    public const string TimerEnqueueMs = "TIMER_ENQUEUE_MS";
    public const string TimerOutMs = "TIMER_OUT_MS";
    public const string TimerRollTimes = "TIMER_ROLL_TIMES";
    public const string TimerDelayMs = "TIMER_DELAY_MS";
    public const string TimerDelaySeconds = "TIMER_DELAY_SEC";
    public const string TimerDeliverMs = "TIMER_DELIVER_MS";
    public const string TraceOn = "TRACE_ON";
    public const string TransactionCheckTimes = "TRANSACTION_CHECK_TIMES";
    public const string TransactionId = "__transactionId__";
    public const string TransactionPrepared = "TRAN_MSG";
    public const string TransactionPreparedQueueOffset = "TRAN_PREPARED_QUEUE_OFFSET";
    public const string UniqKey = "UNIQ_KEY";
    public const string Wait = "WAIT";

    /// <summary>Separates the keys in the value of <see cref="Keys"/>.</summary>
    public const char KeySeparator = ' ';

    /// <summary>The names as they stand in a record, for the paths that make no strings. Each has the name of its text above; a test compares them.</summary>
    public static class Utf8
    {
        public static ReadOnlySpan<byte> Cluster => "CLUSTER"u8;

        public static ReadOnlySpan<byte> ReplyToClient => "REPLY_TO_CLIENT"u8;

        public static ReadOnlySpan<byte> Delay => "DELAY"u8;

        public static ReadOnlySpan<byte> InnerBase => "INNER_BASE"u8;

        public static ReadOnlySpan<byte> InnerNum => "INNER_NUM"u8;

        public static ReadOnlySpan<byte> Keys => "KEYS"u8;

        public static ReadOnlySpan<byte> RealQueueId => "REAL_QID"u8;

        public static ReadOnlySpan<byte> RealTopic => "REAL_TOPIC"u8;

        public static ReadOnlySpan<byte> Region => "MSG_REGION"u8;

        public static ReadOnlySpan<byte> RetryTopic => "RETRY_TOPIC"u8;

        public static ReadOnlySpan<byte> Tags => "TAGS"u8;

        public static ReadOnlySpan<byte> TimerDelayMs => "TIMER_DELAY_MS"u8;

        public static ReadOnlySpan<byte> TimerDelaySeconds => "TIMER_DELAY_SEC"u8;

        public static ReadOnlySpan<byte> TimerDeleteUniqKey => "TIMER_DEL_UNIQKEY"u8;

        public static ReadOnlySpan<byte> TimerDeliverMs => "TIMER_DELIVER_MS"u8;

        public static ReadOnlySpan<byte> TimerDequeueMs => "TIMER_DEQUEUE_MS"u8;

        public static ReadOnlySpan<byte> TimerEnqueueMs => "TIMER_ENQUEUE_MS"u8;

        public static ReadOnlySpan<byte> TimerOutMs => "TIMER_OUT_MS"u8;

        public static ReadOnlySpan<byte> TimerRollTimes => "TIMER_ROLL_TIMES"u8;

        public static ReadOnlySpan<byte> TraceOn => "TRACE_ON"u8;

        public static ReadOnlySpan<byte> TransactionId => "__transactionId__"u8;

        public static ReadOnlySpan<byte> TransactionPrepared => "TRAN_MSG"u8;

        public static ReadOnlySpan<byte> UniqKey => "UNIQ_KEY"u8;

        public static ReadOnlySpan<byte> Wait => "WAIT"u8;
    }
}
