using Microsoft.Extensions.Logging;

namespace RocketOps.StoreScale;

/// <summary>The store's log: warnings are shown, and the end of a run of retention is waited for by its event.</summary>
internal sealed class RetentionWatch : ILoggerFactory, ILogger
{
    private const int PointersRemoved = 2502;

    private readonly SemaphoreSlim _runs = new(0);

    public Task WaitForRunAsync() => _runs.WaitAsync();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == PointersRemoved)
        {
            _runs.Release();
        }

        if (logLevel >= LogLevel.Warning)
        {
            Console.Error.WriteLine($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose() => _runs.Dispose();
}
