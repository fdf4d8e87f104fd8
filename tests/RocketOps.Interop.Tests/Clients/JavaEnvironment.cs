namespace RocketOps.Interop.Tests.Clients;

/// <summary>Environment of every foreign Java client.</summary>
internal static class JavaEnvironment
{
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // Short-lived programs: the quick compiler and a small heap.
        ["ROCKETMQ_TIER"] = "1",
        ["ROCKETMQ_CLIENT_HEAP"] = "256m",
        // Non-ASCII arguments reach Java only under a UTF-8 locale.
        ["LC_ALL"] = "C.UTF-8",
    };
}
