using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>Options of a <c>consume</c>.</summary>
internal sealed record ConsumeOptions
{
    /// <summary>One or more, none of them twice.</summary>
    public required IReadOnlyList<string> Topics { get; init; }

    /// <summary>Null reads all queues without a group and takes nothing away from anybody.</summary>
    public string? Group { get; init; }

    public required StartPoint From { get; init; }

    /// <summary>Filter by tags or SQL92.</summary>
    public SubscriptionExpression Expression { get; init; } = SubscriptionExpression.All;

    /// <summary><c>broker/id</c> or an id; null reads all.</summary>
    public string? Queue { get; init; }

    /// <summary>Ends after so many messages.</summary>
    public long? Count { get; init; }

    /// <summary>Ends when everything that was there at the start has been read.</summary>
    public bool Exit { get; init; }

    /// <summary>End of the time range, with <see cref="Exit"/>: only messages stored before it are read, to the millisecond.</summary>
    public DateTimeOffset? To { get; init; }
}
