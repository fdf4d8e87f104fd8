using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using RocketOps.Hosting.Logging;

namespace RocketOps.Operator.Logging;

/// <summary>Lines of the operator as <see cref="JsonLine"/>: what every line has, then the fields of the scopes (of the pass, see <c>PassScope</c>), then the message's own.</summary>
internal sealed class JsonLineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "rocketops-json";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        using JsonLine line = new(time.GetUtcNow(), logEntry.LogLevel, logEntry.Category, logEntry.EventId.Id, logEntry.Formatter(logEntry.State, logEntry.Exception));
        scopeProvider?.ForEachScope(static (scope, line) => line.AddAll(scope), line);
        line.AddAll(logEntry.State);
        textWriter.WriteLine(line.End(logEntry.Exception));
    }
}
