using Microsoft.Extensions.Logging;

namespace RocketOps.Client.Diagnostics;

/// <summary>
/// The log of a client with <see cref="ConnectionOptions.OnError"/>: everything logged as a warning or worse is reported too, so that no place in the client can forget to.
/// </summary>
internal sealed class ReportingLogger(ILogger inner, Action<ClientError> report) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (inner.IsEnabled(logLevel))
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }

        if (logLevel < LogLevel.Warning)
        {
            return;
        }

        try
        {
            report(new ClientError
            {
                Id = eventId,
                Level = logLevel,
                Text = formatter(state, exception),
                Exception = exception,
                Queue = Find<MessageQueue, TState>(state, "Queue"),
                MessageId = Find<string, TState>(state, "MessageId"),
            });
        }
        catch (Exception failure)
        {
            // What is wrong in the callback must not end the loop that reported.
            ClientLog.ErrorCallbackFailed(inner, failure);
        }
    }

    private static T? Find<T, TState>(TState state, string name)
        where T : class
    {
        foreach (KeyValuePair<string, object?> value in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            if (string.Equals(value.Key, name, StringComparison.Ordinal))
            {
                return value.Value as T;
            }
        }

        return null;
    }
}
