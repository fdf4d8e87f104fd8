namespace RocketOps.Protocol.Names;

/// <summary>
/// Rules of topics' names, and the names that have a meaning. Case counts everywhere. Source: remoting.md §5.1.1, admin.md §2.2,
/// release-5.5.md.
/// </summary>
public static class TopicNames
{
    /// <summary>Template of the topics that the first send makes.</summary>
    public const string AutoCreateTemplate = "TBW102";

    /// <summary>Messages of delay levels wait there, a queue for each level.</summary>
    public const string Schedule = "SCHEDULE_TOPIC_XXXX";

    /// <summary>Timed messages wait there.</summary>
    public const string Timer = "rmq_sys_wheel_timer";

    public const string SelfTest = "SELF_TEST_TOPIC";
    public const string Benchmark = "BenchmarkTest";
    public const string OffsetMovedEvent = "OFFSET_MOVED_EVENT";

    /// <summary>Half messages wait there for the end of their transactions.</summary>
    public const string TransactionHalf = "RMQ_SYS_TRANS_HALF_TOPIC";

    /// <summary>Tells which half messages are done.</summary>
    public const string TransactionOp = "RMQ_SYS_TRANS_OP_HALF_TOPIC";

    /// <summary>Half messages that were checked too often are kept there.</summary>
    public const string TransactionCheckMaxTime = "TRANS_CHECK_MAX_TIME_TOPIC";

    /// <summary>Traces of messages, unless the broker's settings name another topic.</summary>
    public const string Trace = "RMQ_SYS_TRACE_TOPIC";

    /// <summary>
    /// Ours: delayed and timed messages that cannot be delivered are kept there. RocketMQ has such a topic for transactions alone, and
    /// drops these.
    /// </summary>
    public const string Undeliverable = "rmq_sys_undeliverable";

    /// <summary>Apache's proxies tell each other of heartbeats there.</summary>
    public const string HeartbeatSync = "DefaultHeartBeatSyncerTopic";

    /// <summary>Prefix, to a group's name, of the topic of its messages that come again.</summary>
    public const string RetryPrefix = "%RETRY%";

    /// <summary>Prefix, to a group's name, of the topic of messages that it has given up.</summary>
    public const string DeadLetterPrefix = "%DLQ%";

    /// <summary>Prefix of light queues (LMQ): Apache's brokers make one for each name that a client asks for.</summary>
    public const string LightPrefix = "%LMQ%";

    public const string SystemPrefix = "rmq_sys_";

    /// <summary>Suffix, to a cluster's name, of the topic of answers to its clients' requests.</summary>
    public const string ReplySuffix = "_REPLY_TOPIC";

    /// <summary>Longest name of a topic, in letters.</summary>
    public const int MaxLength = 127;

    /// <summary>Longest name of a topic that is called after a group, in letters.</summary>
    public const int MaxGroupTopicLength = 255;

    private const string Blank = "The specified topic is blank.";
    private const string IllegalCharacters = "The specified topic contains illegal characters, allowing only " + NameLetters.Pattern;
    private const string TooLong = "The specified topic is longer than topic max length 127.";
    private const string GroupTopicTooLong = "The specified topic is longer than topic max length 255.";

    // Of brokers that keep transactions in RocksDB.
    private const string RocksDbTransactionHalf = "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC";
    private const string RocksDbTransactionOp = "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC";

    private static readonly string[] SendForbidden =
    [
        Schedule, TransactionHalf, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, RocksDbTransactionHalf, RocksDbTransactionOp,

        // RocketMQ takes sends to it: what is written there names the topic it goes to, be it one that nobody may send to.
        Timer, Undeliverable,
    ];

    private static readonly byte[][] SendForbiddenUtf8 = [.. SendForbidden.Select(System.Text.Encoding.UTF8.GetBytes)];

    /// <summary>RocketMQ's own topics, of all its versions from 4.9 to 5.5, without those of <see cref="SystemPrefix"/>.</summary>
    public static IReadOnlyList<string> SystemTopics { get; } =
    [
        AutoCreateTemplate, Schedule, Benchmark, TransactionHalf, Trace, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, "CHECKPOINT_TOPIC",
        RocksDbTransactionHalf, RocksDbTransactionOp,
    ];

    public static string RetryTopicOf(string group) => RetryPrefix + group;

    public static string DeadLetterTopicOf(string group) => DeadLetterPrefix + group;

    public static string ReplyTopicOf(string cluster) => cluster + ReplySuffix;

    /// <summary>Returns the group of a retry topic.</summary>
    public static ReadOnlySpan<byte> GroupOfRetry(ReadOnlySpan<byte> retryTopic) => retryTopic[RetryPrefix.Length..];

    /// <summary>Writes the name of the group's dead-letter topic, at most <see cref="MaxGroupTopicLength"/> bytes, and returns its length.</summary>
    public static int WriteDeadLetterTopicOf(ReadOnlySpan<byte> group, Span<byte> destination)
    {
        "%DLQ%"u8.CopyTo(destination);
        group.CopyTo(destination[DeadLetterPrefix.Length..]);
        return DeadLetterPrefix.Length + group.Length;
    }

    public static bool IsRetry(string topic) => topic.StartsWith(RetryPrefix, StringComparison.Ordinal);

    public static bool IsRetry(ReadOnlySpan<byte> topic) => topic.StartsWith("%RETRY%"u8);

    public static bool IsRetryOrDeadLetter(string topic) => IsRetry(topic) || topic.StartsWith(DeadLetterPrefix, StringComparison.Ordinal);

    public static bool IsLight(string topic) => topic.StartsWith(LightPrefix, StringComparison.Ordinal);

    /// <summary>True for RocketMQ's own topics, as its brokers tell them apart.</summary>
    public static bool IsSystem(string topic) => SystemTopics.Contains(topic, StringComparer.Ordinal) || topic.StartsWith(SystemPrefix, StringComparison.Ordinal);

    /// <summary>
    /// True when brokers make topics of that name themselves: at their start, or for a group; with no names of servers, whatever these are called.
    /// </summary>
    /// <param name="topic">Name of the topic.</param>
    /// <param name="servers">Names of the brokers and clusters that may have it.</param>
    public static bool IsOfBrokers(string topic, params IReadOnlyCollection<string> servers) =>
        IsSystem(topic)
        || IsRetryOrDeadLetter(topic)
        || servers.Contains(topic)
        || (topic.EndsWith(ReplySuffix, StringComparison.Ordinal) && servers.Contains(topic[..^ReplySuffix.Length]));

    /// <summary>True when no application made the topic: brokers, for themselves or for a client, or proxies did.</summary>
    /// <param name="topic">Name of the topic.</param>
    /// <param name="servers">Names of the brokers and clusters that may have it.</param>
    public static bool IsOfServers(string topic, params IReadOnlyCollection<string> servers) =>
        IsOfBrokers(topic, servers) || IsLight(topic) || topic == HeartbeatSync;

    public static bool IsSendForbidden(string topic) => SendForbidden.Contains(topic, StringComparer.Ordinal);

    public static bool IsSendForbidden(ReadOnlySpan<byte> topic)
    {
        foreach (byte[] forbidden in SendForbiddenUtf8)
        {
            if (topic.SequenceEqual(forbidden))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds the reason why a name is refused, in RocketMQ's words; null when it is fine.</summary>
    public static string? FindProblem(string topic) =>
        string.IsNullOrWhiteSpace(topic) ? Blank
        : NameLetters.IndexOfOther(topic) >= 0 ? IllegalCharacters
        : FindLengthProblem(topic.Length, IsRetryOrDeadLetter(topic));

    /// <summary>Same as <see cref="FindProblem(string)"/> for a name in a frame. Allocates nothing.</summary>
    public static string? FindProblem(ReadOnlySpan<byte> topic) =>
        topic.Trim(" \t\r\n\v\f"u8).IsEmpty ? Blank
        : NameLetters.IndexOfOther(topic) >= 0 ? IllegalCharacters
        : FindLengthProblem(topic.Length, IsRetry(topic) || topic.StartsWith("%DLQ%"u8));

    private static string? FindLengthProblem(int length, bool isOfGroup) =>
        isOfGroup ? (length > MaxGroupTopicLength ? GroupTopicTooLong : null) : length > MaxLength ? TooLong : null;
}
