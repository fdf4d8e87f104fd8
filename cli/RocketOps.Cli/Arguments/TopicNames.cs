namespace RocketOps.Cli.Arguments;

/// <summary>Which names are allowed, and which topics are the system's own.</summary>
internal static class TopicNames
{
    public const string RetryPrefix = "%RETRY%";
    public const string DeadLetterPrefix = "%DLQ%";

    /// <summary>Light queues (LMQ): Apache's brokers make one for each name that a client asks for.</summary>
    private const string LightPrefix = "%LMQ%";
    private const int MaxLength = 127;
    private const int MaxPrefixedLength = 255;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-%|";

    private static readonly string[] System =
    [
        "TBW102", "SCHEDULE_TOPIC_XXXX", "BenchmarkTest", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRACE_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC",
        "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT", "CHECKPOINT_TOPIC",

        // Of Apache's proxies: their group of it is one of the system's too.
        "DefaultHeartBeatSyncerTopic",
    ];

    /// <summary>Finds why a name is not allowed; null when it is.</summary>
    public static string? FindProblem(string name) => name switch
    {
        "" => "a name is not empty.",
        _ when !name.All(Letters.Contains) => $"\"{name}\" has letters other than a-z, A-Z, 0-9, _, -, % and |.",
        _ when name.Length > (IsOfGroup(name) ? MaxPrefixedLength : MaxLength) => $"a name has at most {MaxLength} letters, this one {name.Length}.",
        _ => null,
    };

    /// <summary>Brokers make themselves topics, some of them named after themselves and their cluster.</summary>
    /// <param name="topic">Name of the topic.</param>
    /// <param name="servers">Names of brokers and clusters.</param>
    public static bool IsSystem(string topic, IReadOnlySet<string> servers) =>
        IsOfGroup(topic)
        || System.Contains(topic, StringComparer.Ordinal)
        || topic.StartsWith("rmq_sys_", StringComparison.OrdinalIgnoreCase)
        || topic.StartsWith(LightPrefix, StringComparison.Ordinal)
        || topic.EndsWith("_REPLY_TOPIC", StringComparison.Ordinal)
        || servers.Contains(topic);

    private static bool IsOfGroup(string topic) => topic.StartsWith(RetryPrefix, StringComparison.Ordinal) || topic.StartsWith(DeadLetterPrefix, StringComparison.Ordinal);
}
