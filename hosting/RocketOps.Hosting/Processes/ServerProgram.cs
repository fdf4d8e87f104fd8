using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Hosting.Properties;

namespace RocketOps.Hosting.Processes;

/// <summary>
/// Common part of the programs of all servers: read RocketMQ's configuration and options, refuse wrong ones, print what would be used,
/// serve until told to stop. Exit codes: 0 after an orderly stop, 1 when the server cannot serve or go on serving, 2 for a wrong
/// configuration.
/// </summary>
public sealed partial class ServerProgram
{
    /// <summary>
    /// Longest time that the stop of a server that has failed may take: what has failed may hold what the stop waits for, and nobody has
    /// sent a signal after which a killed process follows. As long as the operator's brokers have for their stop.
    /// </summary>
    public static readonly TimeSpan LongestStopOfFailed = TimeSpan.FromMinutes(1);

    private const int ExitCannotServe = 1;
    private const int ExitWrongConfiguration = 2;

    /// <summary>Category of the log, and the command in the help.</summary>
    public required string Name { get; init; }

    /// <summary>The help's lines above the keys.</summary>
    public required IReadOnlyList<string> Usage { get; init; }

    public required PropertyCatalog Catalog { get; init; }

    public required PropertyDefinition<LogLevel> LogLevelKey { get; init; }

    public required PropertyDefinition<LogFormat> LogFormatKey { get; init; }

    /// <summary>Starts the server; gets the configuration and the path of the file in which changes of it are kept (the last one given), null without one.</summary>
    public required Func<PropertyLoadResult, string?, ILoggerFactory, Task<StartedServer>> StartAsync { get; init; }

    /// <summary>Options without a value that print the configuration, as RocketMQ names them.</summary>
    public IReadOnlyList<string> PrintFlags { get; init; } = ["-p", "--printConfigItem"];

    /// <summary>Options that stand for a key, for example <c>-n</c> for <c>namesrvAddr</c>.</summary>
    public Dictionary<string, string> ShortOptions { get; init; } = new(StringComparer.Ordinal) { ["-n"] = "namesrvAddr" };

    /// <summary>Finds values that are right each by itself and wrong together.</summary>
    public Func<PropertyValues, IEnumerable<PropertyProblem>> FindContradictions { get; init; } = static _ => [];

    /// <summary>Failures of the start whose message is meant for people and stands without a stack.</summary>
    public Func<Exception, bool> IsExpected { get; init; } = static failure => failure is IOException or InvalidDataException or UnauthorizedAccessException;

    /// <summary>The clock of <see cref="LongestStopOfFailed"/>.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Runs the program and returns its exit code.</summary>
    public async Task<int> RunAsync(string[] args)
    {
        PropertyArguments arguments = PropertyArguments.Parse(args, new HashSet<string>([.. PrintFlags, "-h", "--help"], StringComparer.Ordinal), ShortOptions);
        if (arguments.Flags.Contains("-h") || arguments.Flags.Contains("--help"))
        {
            await WriteHelpAsync();
            return 0;
        }

        PropertyLoadResult configuration = PropertyLoader.Load(Catalog, arguments);
        PropertyProblem[] errors = [.. configuration.Errors, .. FindContradictions(configuration.Values)];
        if (errors.Length > 0)
        {
            foreach (PropertyProblem problem in errors)
            {
                await WriteErrorAsync(configuration.Values, problem.ToString(), 1012);
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

    private async Task<int> ServeAsync(PropertyLoadResult configuration, string? configFile)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        ParentPipe.Watch(() => stop.TrySetResult());
        using ConsoleLog loggers = new(configuration.Values.Get(LogLevelKey), format: configuration.Values.Get(LogFormatKey));
        using CrashLog crashes = new(loggers, Name);
        ILogger logger = loggers.CreateLogger(Name);
        foreach (PropertyProblem warning in configuration.Warnings)
        {
            LogConfigurationWarning(logger, warning.ToString());
        }

        int exitCode = 0;
        try
        {
            StartedServer server = await StartAsync(configuration, configFile, loggers);
            loggers.WriteLine(Name, server.Banner);
            if (await Task.WhenAny(stop.Task, server.Failed) == server.Failed)
            {
                // In order all the same: what can be written and handed over is. Whoever started the program starts it again.
                exitCode = ExitCannotServe;
                Exception failure = await server.Failed;
                LogFailed(logger, failure);
                if (!await TryStopAsync(server.Host))
                {
                    LogStopHangs(logger, LongestStopOfFailed.TotalSeconds);
                    return exitCode;
                }
            }
            else
            {
                await server.Host.DisposeAsync();
            }
        }
        catch (Exception failure) when (IsExpected(failure))
        {
            await WriteErrorAsync(configuration.Values, failure.Message, 1013);
            return ExitCannotServe;
        }

        LogStopped(logger);
        return exitCode;

        void Stop(PosixSignalContext signal)
        {
            // The runtime would end the process at once.
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }

    /// <summary>False when it takes too long.</summary>
    private async Task<bool> TryStopAsync(IAsyncDisposable host)
    {
        // Elsewhere: it may be held up before it returns a task.
        Task stopping = Task.Run(() => host.DisposeAsync().AsTask());
        try
        {
            await stopping.WaitAsync(LongestStopOfFailed, Time);
            return true;
        }
        catch (TimeoutException) when (!stopping.IsCompleted)
        {
            return false;
        }
    }

    /// <summary>
    /// Writes why there is no server, in the form of the log; in text as ever when the configuration does not say which, or wrongly.
    /// </summary>
    private async Task WriteErrorAsync(PropertyValues configuration, string problem, int eventId)
    {
        if (configuration.Get(LogFormatKey) != LogFormat.Json)
        {
            await Console.Error.WriteLineAsync(problem);
            return;
        }

        using JsonLine line = new(TimeProvider.System.GetUtcNow(), LogLevel.Error, Name, eventId, problem);
        await Console.Error.WriteLineAsync(line.End(failure: null));
    }

    private async Task WriteHelpAsync()
    {
        foreach (string line in Usage)
        {
            await Console.Out.WriteLineAsync(line);
        }

        await Console.Out.WriteLineAsync();
        foreach (PropertyDefinition definition in Catalog.Definitions.Where(static definition => definition is { Support: PropertySupport.Honoured, Description: not null }))
        {
            await Console.Out.WriteLineAsync($"  {definition.Name,-36} {definition.Description} {definition.Allowed}; default {definition.DefaultText}");
        }
    }

    [LoggerMessage(EventId = 1110, Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogConfigurationWarning(ILogger logger, string problem);

    [LoggerMessage(EventId = 1111, Level = LogLevel.Information, Message = "Stopped")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(EventId = 1114, Level = LogLevel.Critical, Message = "A part that nothing can replace has failed: the program stops, and ends with exit code 1 to be started again")]
    private static partial void LogFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 1022, Level = LogLevel.Critical, Message = "The stop takes longer than {Seconds} s: the program ends as if it was killed")]
    private static partial void LogStopHangs(ILogger logger, double seconds);
}
