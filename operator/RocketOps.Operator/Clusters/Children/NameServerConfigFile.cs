using System.Globalization;
using RocketOps.Operator.Clusters.Context;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>The configuration file all name servers of a cluster share.</summary>
internal static class NameServerConfigFile
{
    public const string FileName = "namesrv.conf";

    public static string Render(ClusterContext context)
    {
        Dictionary<string, string> properties = new Dictionary<string, string>(context.Spec.NameServer.Config ?? [], StringComparer.Ordinal)
        {
            ["listenPort"] = Ports.NameServer.ToString(CultureInfo.InvariantCulture),
            // A server that comes asks the others whom it has still to hear from before clients are sent to it.
            ["peers"] = context.Names.NameServerRegistrationAddress,
            ["httpPort"] = Ports.Http.ToString(CultureInfo.InvariantCulture),
        };
        return PropertiesFile.Render(properties);
    }
}
