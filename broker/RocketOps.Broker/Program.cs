using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Remoting.Processes;
using RocketOps.Remoting.Properties;
using RocketOps.Remoting.Server;
using RocketOps.Store;

namespace RocketOps.Broker;

internal static partial class Program
{
    private const int ExitWrongConfiguration = 2;
    private const int ExitCannotServe = 1;

    private static async Task<int> Main(string[] args)
    {
        RemotingServer.EnableInlineCompletions();
        PropertyArguments arguments = PropertyArguments.Parse(
            args,
            new HashSet<string>(StringComparer.Ordinal) { "-p", "--printConfigItem", "-m", "--printImportantConfig", "-h", "--help" },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["-n"] = BrokerKeys.NamesrvAddr.Name });
        if (arguments.Flags.Contains("-h") || arguments.Flags.Contains("--help"))
        {
            WriteHelp();
            return 0;
        }

        PropertyLoadResult configuration = PropertyLoader.Load(BrokerKeys.Catalog, arguments);
        List<PropertyProblem> errors = [.. configuration.Errors, .. BrokerOptions.FindContradictions(configuration.Values)];
        if (errors.Count > 0)
        {
            foreach (PropertyProblem problem in errors)
            {
                await Console.Error.WriteLineAsync(problem.ToString());
            }

            return ExitWrongConfiguration;
        }

        if (arguments.Flags.Count > 0)
        {
            await Console.Out.WriteAsync(JavaPropertiesWriter.Write(configuration.Values.Enumerate()));
            return 0;
        }

        return await ServeAsync(configuration, arguments.ConfigFile);
    }

    private static async Task<int> ServeAsync(PropertyLoadResult configuration, string? configFile)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        ParentPipe.Watch(() => stop.TrySetResult());
        BrokerOptions options = BrokerOptions.From(configuration.Values);
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(options.LogLevel)
            .AddFilter("Microsoft", LogLevel.Warning)

            // A port that is taken is reported in one line below; the host would add its stack.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
            }));
        ILogger logger = loggers.CreateLogger("RocketOps.Broker");
        foreach (PropertyProblem warning in configuration.Warnings)
        {
            LogWarning(logger, warning.ToString());
        }

        try
        {
            await using BrokerHost host = await BrokerHost.StartAsync(options, loggers, configFile);
            // The words health checks and scripts look for in RocketMQ's output.
            string nameServers = options.NameServers.Length == 0 ? string.Empty : $" and name server is {string.Join(';', options.NameServers)}";
            await Console.Out.WriteLineAsync($"The broker[{options.BrokerName}, {host.Parts.Address.Text}] boot success. serializeType=JSON{nameServers}");
            await stop.Task;
        }
        catch (Exception failure) when (failure is StoreException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return ExitCannotServe;
        }

        return 0;

        void Stop(PosixSignalContext signal)
        {
            // The runtime would end the process at once.
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }

    private static void WriteHelp()
    {
        Console.Out.WriteLine("usage: RocketOps.Broker [-c FILE] [-n NAMESERVERS] [-p] [--KEY=VALUE ...]");
        Console.Out.WriteLine();
        Console.Out.WriteLine("  -c FILE         configuration in RocketMQ's property format; environment variables ROCKETOPS_KEY and --KEY=VALUE go over it");
        Console.Out.WriteLine("  -n NAMESERVERS  the same as --namesrvAddr=NAMESERVERS");
        Console.Out.WriteLine("  -p              print the configuration that would be used and exit");
        Console.Out.WriteLine();
        foreach (PropertyDefinition definition in BrokerKeys.Catalog.Definitions.Where(static definition => definition is { Support: PropertySupport.Honoured, Description: not null }))
        {
            Console.Out.WriteLine($"  {definition.Name,-36} {definition.Description} {definition.Allowed}; default {definition.DefaultText}");
        }
    }

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogWarning(ILogger logger, string problem);
}
