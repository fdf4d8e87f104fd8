namespace RocketOps.Embedded;

/// <summary>What a client asks of <c>pods/log</c>.</summary>
public sealed record PodLogRequest
{
    public required string Namespace { get; init; }

    public required string Pod { get; init; }

    /// <summary>Never empty: the pod's only or first container when the client names none.</summary>
    public required string Container { get; init; }

    public bool Follow { get; init; }

    /// <summary>The log of the run before the last restart.</summary>
    public bool Previous { get; init; }

    /// <summary>Each line is preceded by its RFC 3339 time with nanoseconds and a space.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Only the last lines; null for all.</summary>
    public long? TailLines { get; init; }

    /// <summary>Only lines from this time on; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Stop after this many bytes; null for no limit.</summary>
    public long? LimitBytes { get; init; }
}
