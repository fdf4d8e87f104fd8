using Microsoft.Extensions.Logging;

namespace RocketOps.Hosting.Logging;

/// <summary>
/// While it is there, an exception that nobody catches is a line of the log before it ends the process, and with it all lines are written that still wait for their thread: they lead to it, and would be lost. The runtime
/// tells of the exception on standard error as ever, where nobody looks who collects a log as JSON.
/// </summary>
public sealed partial class CrashLog : IDisposable
{
    private readonly ConsoleLog _log;
    private readonly ILogger _logger;

    /// <param name="log">Ends with the process, and takes no lines after the exception's.</param>
    /// <param name="category">Category of the line.</param>
    public CrashLog(ConsoleLog log, string category)
    {
        ArgumentNullException.ThrowIfNull(log);
        _log = log;
        _logger = log.CreateLogger(category);
        AppDomain.CurrentDomain.UnhandledException += OnUnhandled;
    }

    public void Dispose() => AppDomain.CurrentDomain.UnhandledException -= OnUnhandled;

    private void OnUnhandled(object sender, UnhandledExceptionEventArgs unhandled)
    {
        LogUnhandled(_logger, unhandled.ExceptionObject as Exception);
        _log.Dispose();
    }

    [LoggerMessage(EventId = 1023, Level = LogLevel.Critical, Message = "Nobody has caught this exception: the process ends as if it was killed")]
    private static partial void LogUnhandled(ILogger logger, Exception? error);
}
