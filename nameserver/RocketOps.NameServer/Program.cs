using RocketOps.Hosting.Processes;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Hosting;

namespace RocketOps.NameServer;

internal static class Program
{
    private static Task<int> Main(string[] args) => new ServerProgram
    {
        Name = "RocketOps.NameServer",
        Usage =
        [
            "usage: RocketOps.NameServer [-c FILE ...] [-p] [--KEY=VALUE ...]",
            string.Empty,
            "  -c FILE   configuration in RocketMQ's property format; of several files a later one goes over an earlier one, and environment variables ROCKETOPS_KEY and --KEY=VALUE go over all",
            "  -p        print the configuration that would be used and exit",
        ],
        Catalog = NameServerProperties.Catalog,
        LogLevelKey = NameServerProperties.LogLevel,
        LogFormatKey = NameServerProperties.LogFormat,
        StartAsync = static async (configuration, configFile, loggers) =>
        {
            NameServerHost host = await NameServerHost.StartAsync(configuration.Values, configFile, loggers);
            return new StartedServer(host, $"The Name Server boot success. serializeType=JSON, address {host.EndPoint}", host.Failed);
        },
    }.RunAsync(args);
}
