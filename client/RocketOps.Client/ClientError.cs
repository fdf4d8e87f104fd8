using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>Something that went wrong where no caller waits for an exception: a handler threw, a pull failed, a topic is missing. The client goes on by itself.</summary>
public sealed record ClientError
{
    /// <summary>Kind of the event; ids are stable.</summary>
    public required EventId Id { get; init; }

    /// <summary><see cref="LogLevel.Warning"/> when the client tries again by itself, <see cref="LogLevel.Error"/> when something is wrong for good.</summary>
    public required LogLevel Level { get; init; }

    /// <summary>One sentence that names the topic, queue or message.</summary>
    public required string Text { get; init; }

    /// <summary>Exception that was thrown, for example by a handler; null when none was.</summary>
    public Exception? Exception { get; init; }

    /// <summary>The queue concerned; null when it is not about one.</summary>
    public MessageQueue? Queue { get; init; }

    /// <summary>The message concerned; null when it is not about one.</summary>
    public string? MessageId { get; init; }

    public override string ToString() => Exception is null ? Text : $"{Text}: {Exception}";
}
