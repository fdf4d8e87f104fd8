using Microsoft.Extensions.Logging;

namespace RocketOps.Cli.Running;

/// <summary>What the client library warns of, on standard error: a command that waits must not keep quiet about why.</summary>
internal sealed class ErrorLoggerFactory(TextWriter error) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Everything goes to standard error.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            error.WriteLine($"rocketops: {formatter(state, exception)}{(exception is null ? string.Empty : $" ({exception.Message})")}");
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
