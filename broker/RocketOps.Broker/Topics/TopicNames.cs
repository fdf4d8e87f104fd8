using System.Buffers;

namespace RocketOps.Broker.Topics;

/// <summary>Names with a meaning, and what a name may be. Source: remoting.md §5.1.1, admin.md §2.2.</summary>
internal static class TopicNames
{
    public const string AutoCreateTemplate = "TBW102";
    public const string Schedule = "SCHEDULE_TOPIC_XXXX";
    public const string SelfTest = "SELF_TEST_TOPIC";
    public const string Benchmark = "BenchmarkTest";
    public const string OffsetMovedEvent = "OFFSET_MOVED_EVENT";
    public const string TransactionHalf = "RMQ_SYS_TRANS_HALF_TOPIC";
    public const string TransactionOp = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
    public const string TransactionCheckMaxTime = "TRANS_CHECK_MAX_TIME_TOPIC";
    public const string Trace = "RMQ_SYS_TRACE_TOPIC";
    public const string RetryPrefix = "%RETRY%";
    public const string DeadLetterPrefix = "%DLQ%";
    public const string SystemPrefix = "rmq_sys_";
    public const int MaxLength = 127;
    public const int MaxRetryLength = 255;
    public const int MaxGroupLength = 120;

    private const string AllowedPattern = "^[%|a-zA-Z0-9_-]+$";

    private static readonly SearchValues<byte> AllowedBytes = SearchValues.Create("%|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"u8);

    private static readonly SearchValues<char> AllowedChars = SearchValues.Create("%|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private static readonly string[] SystemTopics =
    [
        AutoCreateTemplate, Schedule, Benchmark, TransactionHalf, Trace, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, "CHECKPOINT_TOPIC",
    ];

    private static readonly string[] SendForbidden =
    [
        Schedule, TransactionHalf, TransactionOp, TransactionCheckMaxTime, SelfTest, OffsetMovedEvent, "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC", "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",
    ];

    public static string RetryTopicOf(string group) => RetryPrefix + group;

    public static string DeadLetterTopicOf(string group) => DeadLetterPrefix + group;

    public static bool IsRetry(ReadOnlySpan<byte> topic) => topic.StartsWith("%RETRY%"u8);

    public static bool IsRetryOrDeadLetter(string topic) =>
        topic.StartsWith(RetryPrefix, StringComparison.Ordinal) || topic.StartsWith(DeadLetterPrefix, StringComparison.Ordinal);

    public static bool IsSystem(string topic) =>
        SystemTopics.Contains(topic, StringComparer.Ordinal) || topic.StartsWith(SystemPrefix, StringComparison.Ordinal);

    public static bool IsSendForbidden(string topic) => SendForbidden.Contains(topic, StringComparer.Ordinal);

    /// <summary>Why a name is refused, in RocketMQ's words; null when it is fine.</summary>
    public static string? FindProblem(string topic)
    {
        if (string.IsNullOrWhiteSpace(topic))
        {
            return "The specified topic is blank.";
        }

        if (topic.AsSpan().ContainsAnyExcept(AllowedChars))
        {
            return "The specified topic contains illegal characters, allowing only " + AllowedPattern;
        }

        int limit = IsRetryOrDeadLetter(topic) ? MaxRetryLength : MaxLength;
        return topic.Length > limit ? $"The specified topic is longer than topic max length {limit}." : null;
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

    /// <summary>Whether the bytes could name a topic at all; the cheap half of <see cref="FindProblem"/> for frames.</summary>
    public static bool IsPlausible(ReadOnlySpan<byte> topic) => topic.Length is > 0 and <= MaxRetryLength && !topic.ContainsAnyExcept(AllowedBytes);
}
