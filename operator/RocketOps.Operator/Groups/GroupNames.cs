using System.Text.RegularExpressions;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Groups;

/// <summary>Names of consumer groups on brokers.</summary>
internal static partial class GroupNames
{
    private const string SystemPrefix = "CID_RMQ_SYS_";

    // Source: apache/rocketmq SubscriptionGroupManager.init, MixAll.
    private static readonly HashSet<string> SystemGroups = new(StringComparer.Ordinal)
    {
        "TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONSAPI_OWNER", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_PULL", "CID_ONS-HTTP-PROXY",
    };

    /// <summary>The name on the brokers: the object's own unless the spec gives another.</summary>
    public static string Effective(ConsumerGroup group) => group.Spec.GroupName is { Length: > 0 } name ? name : group.Name();

    /// <summary>The topic, on each broker, that messages go to which members could not process.</summary>
    public static string RetryTopic(string group) => "%RETRY%" + group;

    public static bool IsValid(string name) => Allowed().IsMatch(name);

    public static bool IsSystem(string name) => SystemGroups.Contains(name) || name.StartsWith(SystemPrefix, StringComparison.Ordinal);

    [GeneratedRegex("^[%|a-zA-Z0-9_-]{1,120}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Allowed();
}
