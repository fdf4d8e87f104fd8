using Microsoft.Extensions.Logging;

namespace RocketOps.Testing.Logging;

/// <summary>A log that throws at one event, once, and counts another one. Thread-safe.</summary>
/// <param name="failAt">Id of the event it throws at.</param>
/// <param name="count">Id of the event it counts; null counts none.</param>
public sealed class ThrowingLog(int failAt, int? count = null) : ILoggerFactory, ILogger
{
    /// <summary>Message of what it throws, an <see cref="InvalidOperationException"/>.</summary>
    public const string Reason = "the log is full";

    private int _failed;
    private int _counted;

    public bool HasFailed => Volatile.Read(ref _failed) != 0;

    public int Counted => Volatile.Read(ref _counted);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == count)
        {
            Interlocked.Increment(ref _counted);
        }

        if (eventId.Id == failAt && Interlocked.Exchange(ref _failed, 1) == 0)
        {
            throw new InvalidOperationException(Reason);
        }
    }

    public void Dispose()
    {
    }
}
