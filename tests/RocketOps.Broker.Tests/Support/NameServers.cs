using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Hosting;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A real name server in this process, on a free port.</summary>
internal static class NameServers
{
    /// <summary>Starts one that keeps its files in the directory, on a free port where none is given.</summary>
    public static Task<NameServerHost> StartAsync(TempDirectory directory, int port = 0) => NameServerHost.StartAsync(
        PropertyLoader.Apply(
            PropertyValues.Defaults(NameServerProperties.Catalog),
            [
                new PropertyEntry("listenPort", port.ToString(CultureInfo.InvariantCulture), default), new PropertyEntry("bindAddress", "127.0.0.1", default),
                new PropertyEntry("kvConfigPath", directory.File("kvConfig.json"), default),
                new PropertyEntry("configStorePath", directory.File("namesrv.properties"), default),
            ]).Values,
        configFile: null,
        NullLoggerFactory.Instance);
}
