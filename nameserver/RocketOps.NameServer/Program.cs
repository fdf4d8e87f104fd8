using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Hosting;
using RocketOps.Remoting.Processes;
using RocketOps.Remoting.Properties;

namespace RocketOps.NameServer;

internal static class Program
{
    private const int ExitWrongConfiguration = 2;
    private const int ExitCannotServe = 1;

    private static async Task<int> Main(string[] args)
    {
        PropertyArguments arguments = PropertyArguments.Parse(
            args,
            new HashSet<string>(StringComparer.Ordinal) { "-p", "--printConfigItem", "-h", "--help" },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["-n"] = "namesrvAddr" });
        if (arguments.Flags.Contains("-h") || arguments.Flags.Contains("--help"))
        {
            WriteHelp();
            return 0;
        }

        PropertyLoadResult configuration = PropertyLoader.Load(NameServerProperties.Catalog, arguments);
        if (configuration.Errors.Count > 0)
        {
            foreach (PropertyProblem problem in configuration.Errors)
            {
                await Console.Error.WriteLineAsync(problem.ToString());
            }

            return ExitWrongConfiguration;
        }

        if (arguments.Flags.Contains("-p") || arguments.Flags.Contains("--printConfigItem"))
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
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(configuration.Values.Get(NameServerProperties.LogLevel))
            .AddFilter("Microsoft", LogLevel.Warning)

            // A port that is taken is reported in one line below; the host would add its stack.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff ";
            }));
        ILogger logger = loggers.CreateLogger("RocketOps.NameServer");
        foreach (PropertyProblem warning in configuration.Warnings)
        {
            NameServerLog.ConfigurationWarning(logger, warning.ToString());
        }

        try
        {
            await using NameServerHost host = await NameServerHost.StartAsync(configuration.Values, configFile, loggers);

            // The words health checks and scripts look for in RocketMQ's output.
            await Console.Out.WriteLineAsync($"The Name Server boot success. serializeType=JSON, address {host.EndPoint}");
            await stop.Task;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return ExitCannotServe;
        }

        NameServerLog.Stopped(logger);
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
        Console.Out.WriteLine("usage: RocketOps.NameServer [-c FILE] [-p] [--KEY=VALUE ...]");
        Console.Out.WriteLine();
        Console.Out.WriteLine("  -c FILE   configuration in RocketMQ's property format; environment variables ROCKETOPS_KEY and --KEY=VALUE go over it");
        Console.Out.WriteLine("  -p        print the configuration that would be used and exit");
        Console.Out.WriteLine();
        foreach (PropertyDefinition definition in NameServerProperties.Catalog.Definitions.Where(static definition => definition.Support == PropertySupport.Honoured))
        {
            Console.Out.WriteLine($"  {definition.Name,-34} {definition.Description} {definition.Allowed}; default {definition.DefaultText}");
        }
    }
}
