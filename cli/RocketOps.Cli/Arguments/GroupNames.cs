namespace RocketOps.Cli.Arguments;

/// <summary>Which groups are the system's own.</summary>
internal static class GroupNames
{
    private static readonly string[] System =
    [
        "TOOLS_CONSUMER", "FILTERSRV_CONSUMER", "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY", "CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",
        "__MONITOR_CONSUMER", "CID_DefaultHeartBeatSyncerTopic",
    ];

    public static bool IsSystem(string group) => System.Contains(group, StringComparer.Ordinal) || group.StartsWith("CID_RMQ_SYS_", StringComparison.Ordinal);
}
