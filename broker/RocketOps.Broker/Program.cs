using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Hosting.Processes;
using RocketOps.Remoting.Server;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker;

internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        RemotingServer.EnableInlineCompletions();
        return new ServerProgram
        {
            Name = "RocketOps.Broker",
            Usage =
            [
                "usage: RocketOps.Broker [-c FILE ...] [-n NAMESERVERS] [-p] [--KEY=VALUE ...]",
                string.Empty,
                "  -c FILE         configuration in RocketMQ's property format; of several files a later one goes over an earlier one, and environment variables ROCKETOPS_KEY and --KEY=VALUE go over all",
                "  -n NAMESERVERS  the same as --namesrvAddr=NAMESERVERS",
                "  -p              print the configuration that would be used and exit",
            ],
            Catalog = BrokerCatalog.All,
            LogLevelKey = BrokerOptions.Keys.LogLevel,
            LogFormatKey = BrokerOptions.Keys.LogFormat,
            PrintFlags = ["-p", "--printConfigItem", "-m", "--printImportantConfig"],
            FindContradictions = BrokerOptions.FindContradictions,
            IsExpected = static failure => failure is StoreException or IOException or InvalidDataException or UnauthorizedAccessException,
            StartAsync = static async (configuration, configFile, loggers) =>
            {
                BrokerOptions options = BrokerOptions.From(configuration.Values);
                BrokerHost host = await BrokerHost.StartAsync(options, loggers, configFile);
                string nameServers = options.NameServers.Length == 0 ? string.Empty : $" and name server is {string.Join(';', options.NameServers)}";
                return new StartedServer(host, $"The broker[{options.BrokerName}, {host.Modules.Host.Address.Text}] boot success. serializeType=JSON{nameServers}", host.Failed);
            },
        }.RunAsync(args);
    }
}
