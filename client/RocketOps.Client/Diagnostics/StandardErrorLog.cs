using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;

namespace RocketOps.Client.Diagnostics;

/// <summary>
/// The log of a client that was given neither a logger nor <see cref="ConnectionOptions.OnError"/>: warnings and errors, a line each, on standard error. Costs nothing before
/// the first of them. Disposing writes what is queued.
/// </summary>
/// <param name="time">For the lines' time.</param>
/// <param name="open">Opens the output.</param>
/// <param name="patience">How long the disposing waits for the output; null: <see cref="ConsoleLog.LongestFlush"/>.</param>
internal sealed class StandardErrorLog(TimeProvider time, Func<Stream> open, TimeSpan? patience = null) : ILoggerFactory
{
    private readonly Lazy<ConsoleLog> _log = new(
        () => new ConsoleLog(LogLevel.Warning, open(), time) { Patience = patience ?? ConsoleLog.LongestFlush });

    public ILogger CreateLogger(string categoryName) => new LazyLogger(categoryName, _log);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("give the client a LoggerFactory instead");

    public void Dispose()
    {
        if (_log.IsValueCreated)
        {
            _log.Value.Dispose();
        }
    }

    private sealed class LazyLogger(string category, Lazy<ConsoleLog> log) : ILogger
    {
        private readonly Lazy<ILogger> _inner = new(() => log.Value.CreateLogger(category));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _inner.Value.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
