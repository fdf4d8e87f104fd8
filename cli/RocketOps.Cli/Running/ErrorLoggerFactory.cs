using Microsoft.Extensions.Logging;

namespace RocketOps.Cli.Running;

/// <summary>
/// Logger that writes the client library's warnings to standard error: a command that waits must not keep quiet about why. Warnings of what
/// a command has nothing to do with are left out.
/// </summary>
internal sealed class ErrorLoggerFactory(TextWriter error) : ILoggerFactory, ILogger
{
    /// <summary>
    /// Ids of the client's log. Heartbeats go to every broker, also to slaves that are away and that nobody asks; a broker that a command
    /// needs is told of by what it needs of it.
    /// </summary>
    private const int HeartbeatFailed = 4103;

    /// <summary>
    /// A server that was just found to be away: a command fails with that reason, or does without. One that stays away is told of.
    /// </summary>
    private const int ServerAway = 4159;

    /// <summary>A command that has shown as many messages as were asked for leaves the next one to whoever comes.</summary>
    private const int ShutdownTimedOut = 4130;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Everything goes to standard error.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && eventId.Id is not (HeartbeatFailed or ServerAway or ShutdownTimedOut))
        {
            error.WriteLine($"rocketops: {formatter(state, exception)}{(exception is null ? string.Empty : $" ({exception.Message})")}");
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
