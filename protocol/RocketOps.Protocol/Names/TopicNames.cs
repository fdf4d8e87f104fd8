using System.Buffers;

namespace RocketOps.Protocol.Names;

/// <summary>Names with a meaning, and what a name may be. Source: remoting.md §5.1.1, admin.md §2.2.</summary>
public static class TopicNames
{
    public const string AutoCreateTemplate = "TBW102";
    public const string Schedule = "SCHEDULE_TOPIC_XXXX";
    public const string SelfTest = "SELF_TEST_TOPIC";
    public const string Benchmark = "BenchmarkTest";
    public const string OffsetMovedEvent = "OFFSET_MOVED_EVENT";
    public const string TransactionHalf = "RMQ_SYS_TRANS_HALF_TOPIC";
    public const string TransactionOp = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
    public const string TransactionCheckMaxTime = "TRANS_CHECK_MAX_TIME_TOPIC";
    public const string Timer = "rmq_sys_wheel_timer";

    /// <summary>Ours: delayed and timed messages that cannot be delivered are kept there. RocketMQ has such a topic for transactions alone, and drops these.</summary>
    public const string Undeliverable = "rmq_sys_undeliverable";
    public const string Trace = "RMQ_SYS_TRACE_TOPIC";
    public const string RetryPrefix = "%RETRY%";
    public const string DeadLetterPrefix = "%DLQ%";
    public const string SystemPrefix = "rmq_sys_";
    public const int MaxLength = 127;
    public const int MaxRetryLength = 255;
    public const int MaxGroupLength = 120;

    private const string AllowedPattern = "^[%|a-zA-Z0-9_-]+$";

    private const string Blank = "The specified topic is blank.";
    private const string IllegalCharacters = "The specified topic contains illegal characters, allowing only " + AllowedPattern;
    private const string TooLong = "The specified topic is longer than topic max length 127.";
    private const string RetryTooLong = "The specified topic is longer than topic max length 255.";

    private static readonly SearchValues<byte> AllowedBytes = SearchValues.Create("%|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);

    private static readonly SearchValues<char> AllowedChars = SearchValues.Create("%|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private static readonly string[] SystemTopics =
    [
        AutoCreateTemplate, Schedule, Benchmark, TransactionHalf, Trace, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, "CHECKPOINT_TOPIC",
    ];

    private static readonly string[] SendForbidden =
    [
        Schedule, TransactionHalf, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC", "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",

        // RocketMQ takes sends to it: what is written there names the topic it goes to, be it one that nobody may send to.
        Timer, Undeliverable,
    ];

    private static readonly byte[][] SendForbiddenUtf8 = [.. SendForbidden.Select(System.Text.Encoding.UTF8.GetBytes)];

    public static string RetryTopicOf(string group) => RetryPrefix + group;

    public static string DeadLetterTopicOf(string group) => DeadLetterPrefix + group;

    /// <summary>The group of a retry topic.</summary>
    public static ReadOnlySpan<byte> GroupOfRetry(ReadOnlySpan<byte> retryTopic) => retryTopic[RetryPrefix.Length..];

    /// <summary>Writes the name of the group's dead-letter topic, at most <see cref="MaxRetryLength"/> bytes, and returns its length.</summary>
    public static int WriteDeadLetterTopicOf(ReadOnlySpan<byte> group, Span<byte> destination)
    {
        "%DLQ%"u8.CopyTo(destination);
        group.CopyTo(destination[DeadLetterPrefix.Length..]);
        return DeadLetterPrefix.Length + group.Length;
    }

    public static bool IsRetry(ReadOnlySpan<byte> topic) => topic.StartsWith("%RETRY%"u8);

    public static bool IsRetryOrDeadLetter(string topic) =>
        topic.StartsWith(RetryPrefix, StringComparison.Ordinal) || topic.StartsWith(DeadLetterPrefix, StringComparison.Ordinal);

    public static bool IsSystem(string topic) =>
        SystemTopics.Contains(topic, StringComparer.Ordinal) || topic.StartsWith(SystemPrefix, StringComparison.Ordinal);

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
    public static string? FindProblem(string topic)
    {
        if (string.IsNullOrWhiteSpace(topic))
        {
            return Blank;
        }

        if (topic.AsSpan().ContainsAnyExcept(AllowedChars))
        {
            return IllegalCharacters;
        }

        return IsRetryOrDeadLetter(topic) ? (topic.Length > MaxRetryLength ? RetryTooLong : null) : topic.Length > MaxLength ? TooLong : null;
    }

    /// <summary>The same for a group's name.</summary>
    public static string? FindGroupProblem(string group)
    {
        if (string.IsNullOrWhiteSpace(group))
        {
            return "The specified group is blank.";
        }

        if (group.AsSpan().ContainsAnyExcept(AllowedChars))
        {
            return "The specified group contains illegal characters, allowing only " + AllowedPattern;
        }

        return group.Length > MaxGroupLength ? $"The specified group is longer than group max length {MaxGroupLength}." : null;
    }

    /// <summary>Same as <see cref="FindProblem(string)"/> for a name in a frame. Allocates nothing.</summary>
    public static string? FindProblem(ReadOnlySpan<byte> topic)
    {
        if (topic.Trim(" \t\r\n\v\f"u8).IsEmpty)
        {
            return Blank;
        }

        if (topic.ContainsAnyExcept(AllowedBytes))
        {
            return IllegalCharacters;
        }

        return IsRetry(topic) || topic.StartsWith("%DLQ%"u8) ? (topic.Length > MaxRetryLength ? RetryTooLong : null) : topic.Length > MaxLength ? TooLong : null;
    }
}
