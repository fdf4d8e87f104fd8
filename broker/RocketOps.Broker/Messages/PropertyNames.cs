namespace RocketOps.Broker.Messages;

/// <summary>Names of message properties the broker reads or writes. Source: remoting.md §4.8.</summary>
internal static class PropertyNames
{
    public const string Delay = "DELAY";
    public const string DeadLetterOriginMessageId = "DLQ_ORIGIN_MESSAGE_ID";
    public const string DeadLetterOriginTopic = "DLQ_ORIGIN_TOPIC";
    public const string OriginMessageId = "ORIGIN_MESSAGE_ID";
    public const string RealQueueId = "REAL_QID";
    public const string RealTopic = "REAL_TOPIC";
    public const string RetryTopic = "RETRY_TOPIC";
    public const string Tags = "TAGS";
    public const string UniqKey = "UNIQ_KEY";
    public const string Wait = "WAIT";

    public const string Keys = "KEYS";
    public const string PopCheckPoint = "POP_CK";
    public const string TimerDelaySeconds = "TIMER_DELAY_SEC";
    public const string TimerDeliverMs = "TIMER_DELIVER_MS";
}
