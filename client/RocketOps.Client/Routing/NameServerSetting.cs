namespace RocketOps.Client.Routing;

/// <summary>
/// Source of a client's name servers: its options, else the environment variable that RocketMQ's own clients and tools read.
/// </summary>
internal static class NameServerSetting
{
    public const string Variable = "NAMESRV_ADDR";

    /// <summary>Finds the name servers that were configured, else those of the environment; null when there are none.</summary>
    public static string? Find(string? configured)
    {
        string? setting = configured ?? Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrWhiteSpace(setting) ? null : setting;
    }

    /// <summary>Finds the name servers like <see cref="Find"/>. Throws <see cref="ArgumentException"/> when there is none.</summary>
    public static string Require(ConnectionOptions options) => Find(options.NameServers) ?? throw new ArgumentException(
        $"no name server is given: set {nameof(ConnectionOptions.NameServers)} or the environment variable {Variable} to host:port;host:port", nameof(options));
}
