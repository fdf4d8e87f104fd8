namespace RocketOps.Interop.Tests.Clients;

/// <summary>Environment of every foreign Java client.</summary>
internal static class JavaEnvironment
{
    /// <summary>For programs of any version.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // Short-lived programs: the quick compiler and a small heap.
        ["ROCKETMQ_TIER"] = "1",
        ["ROCKETMQ_CLIENT_HEAP"] = "256m",
        // Non-ASCII arguments reach Java only under a UTF-8 locale.
        ["LC_ALL"] = "C.UTF-8",
    };

    private static string? Archives { get; } = Environment.GetEnvironmentVariable("ROCKETOPS_JAVA_ARCHIVES") is { Length: > 0 } folder ? folder : null;

    /// <summary>For the kit's client programs of a version: with their classes as <c>.ci/java-archives</c> has parsed them, where it has. A virtual machine that cannot use the file goes without, and would say so on standard output.</summary>
    public static IReadOnlyDictionary<string, string> Of(string version) => Archives is null || !File.Exists(Path.Combine(Archives, version + ".jsa"))
        ? Variables
        : new Dictionary<string, string>(Variables, StringComparer.Ordinal) { ["ROCKETMQ_CLIENT_JVM"] = $"-XX:SharedArchiveFile={Path.Combine(Archives, version + ".jsa")} -Xlog:disable" };
}
