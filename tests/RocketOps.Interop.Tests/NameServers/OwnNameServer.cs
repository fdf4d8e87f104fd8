using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Hosting;

namespace RocketOps.Interop.Tests.NameServers;

/// <summary>Our name server, in the process of the tests.</summary>
internal static class OwnNameServer
{
    /// <summary>Starts one on loopback; its configuration is kept in the folder.</summary>
    public static Task<NameServerHost> StartAsync(int port, string folder)
    {
        PropertyLoadResult loaded = PropertyLoader.Apply(
            PropertyValues.Defaults(NameServerProperties.Catalog),
            [
                new PropertyEntry("listenPort", port.ToString(CultureInfo.InvariantCulture), default),
                new PropertyEntry("bindAddress", "127.0.0.1", default),
                new PropertyEntry("kvConfigPath", Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"kvConfig-{port}.json")), default),
            ]);
        return NameServerHost.StartAsync(loaded.Values, configFile: null, NullLoggerFactory.Instance);
    }
}
