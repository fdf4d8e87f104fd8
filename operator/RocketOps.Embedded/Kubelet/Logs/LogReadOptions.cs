namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>What a reader of a container's log asks for, as the query of pods/log names it.</summary>
internal sealed record LogReadOptions
{
    public bool Follow { get; init; }

    public bool Timestamps { get; init; }

    /// <summary>Only the last so many lines; null means all.</summary>
    public long? TailLines { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>Ends after so many bytes; null means no limit.</summary>
    public long? LimitBytes { get; init; }
}
