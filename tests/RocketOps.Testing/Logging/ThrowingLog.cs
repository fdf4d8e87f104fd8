using Microsoft.Extensions.Logging;

namespace RocketOps.NameServer.Tests.Support;

/// <summary>A log that throws at one event, once, and counts the others.</summary>
internal sealed class FailingLog(int failAt, int count) : ILoggerFactory, ILogger
{
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
            throw new InvalidOperationException("the log is full");
        }
    }

    public void Dispose()
    {
    }
}
