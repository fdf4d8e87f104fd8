namespace RocketOps.Cli.Messages;

/// <summary>Options of a <c>produce</c>.</summary>
internal sealed record ProduceOptions
{
    public required string Topic { get; init; }

    /// <summary>Bodies as texts; <c>-</c> is all of standard input. With no body, file or size, every line of standard input is one.</summary>
    public IReadOnlyList<string> Bodies { get; init; } = [];

    public IReadOnlyList<FileInfo> Files { get; init; } = [];

    /// <summary>Bytes of generated bodies; null when none are generated.</summary>
    public int? Size { get; init; }

    /// <summary>Bodies are JSON objects (<see cref="MessageJson"/>).</summary>
    public bool IsJson { get; init; }

    /// <summary>Messages altogether: bodies are repeated, lines end here. Null sends each once.</summary>
    public long? Count { get; init; }

    /// <summary>Messages in a second; null as fast as they are taken.</summary>
    public double? Rate { get; init; }

    /// <summary>Messages in one request.</summary>
    public int Batch { get; init; } = 1;

    /// <summary><c>broker/id</c> or an id.</summary>
    public string? Queue { get; init; }

    /// <summary>A topic nobody knows is made by a broker, if it is allowed to.</summary>
    public bool Create { get; init; }

    /// <summary>No line for every message.</summary>
    public bool IsQuiet { get; init; }

    public bool WritesJson { get; init; }

    /// <summary>Tag, keys and so on of messages that do not say.</summary>
    public required MessageDraft Defaults { get; init; }
}
