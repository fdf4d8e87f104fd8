namespace RocketOps.Protocol.Names;

/// <summary>Rules of consumer groups' names, and the groups that are RocketMQ's own. Source: admin.md §2.2.</summary>
public static class GroupNames
{
    /// <summary>Longest name of a group, in letters.</summary>
    public const int MaxLength = 120;

    /// <summary>Prefix of the groups by which brokers read topics of their own. Case counts.</summary>
    public const string SystemPrefix = "CID_RMQ_SYS_";

    /// <summary>The group whose offsets are the progress of the checks of transactions.</summary>
    public const string Transactions = SystemPrefix + "TRANS";

    /// <summary>Groups that every broker makes at its start, and tools read by.</summary>
    public static IReadOnlyList<string> SystemGroups { get; } =
    [
        "TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONSAPI_OWNER", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_PULL", "CID_ONS-HTTP-PROXY",
    ];

    /// <summary>Groups that monitors and proxies make, each for itself.</summary>
    private static readonly string[] OfTools = ["__MONITOR_CONSUMER", "CID_" + TopicNames.HeartbeatSync];

    /// <summary>True for the groups of <see cref="SystemGroups"/>, and those that brokers read by.</summary>
    public static bool IsSystem(string group) => SystemGroups.Contains(group, StringComparer.Ordinal) || group.StartsWith(SystemPrefix, StringComparison.Ordinal);

    /// <summary>True when no application made the group: RocketMQ's own ones, and those of its monitors and proxies.</summary>
    public static bool IsOfServers(string group) => IsSystem(group) || OfTools.Contains(group, StringComparer.Ordinal);

    /// <summary>Finds the reason why a name is refused, in RocketMQ's words; null when it is fine.</summary>
    public static string? FindProblem(string group) =>
        string.IsNullOrWhiteSpace(group) ? "The specified group is blank."
        : NameLetters.IndexOfOther(group) >= 0 ? "The specified group contains illegal characters, allowing only " + NameLetters.Pattern
        : group.Length > MaxLength ? $"The specified group is longer than group max length {MaxLength}."
        : null;
}
