using System.Text.RegularExpressions;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>Names of topics on brokers.</summary>
internal static partial class TopicNames
{
    private static readonly string[] SystemPrefixes = ["%RETRY%", "%DLQ%", "rmq_sys_"];

    // Source: admin.md §2.2, isSystemTopic of 4.9 and 5.x.
    private static readonly HashSet<string> SystemTopics = new(StringComparer.Ordinal)
    {
        "TBW102", "SCHEDULE_TOPIC_XXXX", "BenchmarkTest", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRACE_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
        "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT", "CHECKPOINT_TOPIC",
    };

    /// <summary>The name on the brokers: the object's own unless the spec gives another.</summary>
    public static string Effective(Topic topic) => topic.Spec.TopicName is { Length: > 0 } name ? name : topic.Name();

    public static bool IsValid(string name) => Allowed().IsMatch(name);

    public static bool IsSystem(string name) => SystemTopics.Contains(name) || Array.Exists(SystemPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Topics of RocketMQ's own, in which nothing of a user's waits that is not found by the user's topic.</summary>
    public static bool IsInternal(string name, string cluster, string group) =>
        SystemTopics.Contains(name) || name.StartsWith("rmq_sys_", StringComparison.Ordinal) || name == cluster || name == group;

    /// <summary>Brokers make it themselves, some of them of a client's request: no object can be made for it.</summary>
    public static bool IsOfBrokers(string name, string cluster, string group) => IsSystem(name) || IsInternal(name, cluster, group) || name == cluster + "_REPLY_TOPIC";

    [GeneratedRegex("^[%|a-zA-Z0-9_-]{1,127}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();
}
