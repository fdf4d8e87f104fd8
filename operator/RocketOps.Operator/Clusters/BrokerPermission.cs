using System.Globalization;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters;

/// <summary>Permission that a broker gives clients for all of its topics, and registers with name servers.</summary>
internal static class BrokerPermission
{
    public const string Key = "brokerPermission";

    public static async Task<int> AskAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken) =>
        (await admin.GetBrokerConfigAsync(address, cancellationToken)).TryGetValue(Key, out string? text) && int.TryParse(text, CultureInfo.InvariantCulture, out int permission) ? permission : PermissionBits.ReadWrite;

    public static Task SetAsync(IRocketMqAdmin admin, string address, int permission, CancellationToken cancellationToken) =>
        admin.UpdateBrokerConfigAsync(address, new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = permission.ToString(CultureInfo.InvariantCulture) }, cancellationToken);
}
