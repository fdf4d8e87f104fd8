using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>Writes messages as they come, in one format.</summary>
internal sealed class MessagePrinter(Shell shell, MessageFormat format, MessageTemplate? template)
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>A line of text says the topic too: messages of several are mixed.</summary>
    public bool NamesTopics { get; init; }

    public async Task WriteAsync(ReceivedMessage message, CancellationToken cancellation)
    {
        if (template is null && format == MessageFormat.Body)
        {
            await shell.OutputBytes.WriteAsync(message.Body, cancellation);
            await shell.OutputBytes.WriteAsync(LineEnd, cancellation);
            return;
        }

        string line = template is not null ? template.Format(message) : format == MessageFormat.Json ? MessageJson.Line(message) : Text(message);
        await shell.Output.WriteLineAsync(line);
    }

    private string Text(ReceivedMessage message)
    {
        string where = $"{TimeZoneInfo.ConvertTime(message.StoreTime, shell.Time.LocalTimeZone):HH:mm:ss.fff} {(NamesTopics ? message.Topic + " " : string.Empty)}{message.Queue.BrokerName}/{message.Queue.QueueId}@{message.QueueOffset}";
        string body = MessageJson.Text(message.Body) is { } text ? Printable.OneLine(text) : $"base64:{Convert.ToBase64String(message.Body.Span)}";
        return $"{shell.Styled(where, 2)} {Printable.OneLine(message.Tag ?? "-")} {Printable.OneLine(message.Keys ?? "-")} {body}";
    }
}
