using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RocketOps.Testing.Logging;

/// <summary>Keeps what was logged, of all levels. Thread-safe.</summary>
public sealed class RecordingLoggerFactory : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<LoggedEntry> _entries = new();

    public IReadOnlyList<LoggedEntry> Entries => [.. _entries];

    public IEnumerable<string> Messages => _entries.Select(static entry => entry.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _entries.Enqueue(new LoggedEntry(logLevel, eventId.Id, formatter(state, exception)));
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}

/// <summary>One line of a log.</summary>
public readonly record struct LoggedEntry(LogLevel Level, int Event, string Text);
