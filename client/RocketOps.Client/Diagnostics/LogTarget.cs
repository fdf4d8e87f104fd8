using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RocketOps.Client.Diagnostics;

/// <summary>Target of a client's log: what its options say, else warnings and errors to standard error.</summary>
internal sealed class LogTarget : IDisposable
{
    private readonly StandardErrorLog? _standardError;

    public LogTarget(ConnectionOptions options)
    {
        _standardError = options.LoggerFactory is null && options.OnError is null ? new StandardErrorLog(options.TimeProvider, Console.OpenStandardError) : null;
        Factory = options.LoggerFactory ?? (ILoggerFactory?)_standardError ?? NullLoggerFactory.Instance;
        ILogger log = Factory.CreateLogger("RocketOps.Client");
        Logger = options.OnError is null ? log : new ReportingLogger(log, options.OnError);
    }

    public ILoggerFactory Factory { get; }

    public ILogger Logger { get; }

    public void Dispose() => _standardError?.Dispose();
}
