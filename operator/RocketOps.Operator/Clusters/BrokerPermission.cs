using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Operator.Clusters;

/// <summary>Permission that a broker gives clients for all of its topics, and registers with name servers.</summary>
internal static class BrokerPermission
{
    public const string Key = "brokerPermission";

    public const int Write = 2;

    /// <summary>Consumers read, producers find the broker in no route.</summary>
    public const int Read = 4;

    public const int ReadAndWrite = 6;

    public static async Task<int> AskAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken) =>
        (await admin.GetBrokerConfigAsync(address, cancellationToken)).TryGetValue(Key, out string? text) && int.TryParse(text, CultureInfo.InvariantCulture, out int permission) ? permission : ReadAndWrite;

    public static Task SetAsync(IRocketMqAdmin admin, string address, int permission, CancellationToken cancellationToken) =>
        admin.UpdateBrokerConfigAsync(address, new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = permission.ToString(CultureInfo.InvariantCulture) }, cancellationToken);
}
