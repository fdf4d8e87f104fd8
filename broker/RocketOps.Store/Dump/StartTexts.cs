using Microsoft.Extensions.Logging;

namespace RocketOps.Store.Dump;

/// <summary>Keeps what the code of a start tells its log, but for what is only of interest to developers. Not thread-safe.</summary>
internal sealed class StartTexts : ILoggerFactory, ILogger
{
    private readonly List<StartText> _all = [];

    public IReadOnlyList<StartText> All => _all;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("What is told goes nowhere else.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _all.Add(new StartText(logLevel, eventId.Id, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}

/// <summary>One line that a start has for its log.</summary>
internal readonly record struct StartText(LogLevel Level, int Event, string Text);
