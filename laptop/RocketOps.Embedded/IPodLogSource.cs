namespace RocketOps.Embedded;

/// <summary>Source of the logs of pods; the kubelet implements it.</summary>
public interface IPodLogSource
{
    /// <summary>
    /// Writes the asked part of a container's log as raw bytes and returns at its end; with <see cref="LogReadOptions.Follow"/> goes on until the container
    /// has ended for good or <paramref name="cancellationToken"/> fires. When following, flush once as soon as the container is found (the client's clock starts
    /// with the headers) and after each line.
    /// </summary>
    /// <exception cref="PodLogUnavailableException">There is no such container, or it has not started; thrown before the first byte.</exception>
    Task WriteLogAsync(PodLogRequest request, Stream destination, CancellationToken cancellationToken);
}

/// <summary>A log cannot be read; the message is shown to the user (<c>container "c" in pod "p" is waiting to start: …</c>).</summary>
public sealed class PodLogUnavailableException(string message) : Exception(message);

/// <summary>Request of a client for <c>pods/log</c>.</summary>
public sealed record PodLogRequest : LogReadOptions
{
    public required string Namespace { get; init; }

    public required string Pod { get; init; }

    /// <summary>Never empty: the pod's only or first container when the client names none.</summary>
    public required string Container { get; init; }

    /// <summary>The log of the run before the last restart.</summary>
    public bool Previous { get; init; }
}

/// <summary>Which part of a container's log is asked for, and in what form.</summary>
public record LogReadOptions
{
    public bool Follow { get; init; }

    /// <summary>Each line is preceded by its RFC 3339 time with nanoseconds and a space.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Only the last lines; null for all.</summary>
    public long? TailLines { get; init; }

    /// <summary>Only lines from this time on; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Stop after this many bytes; null for no limit.</summary>
    public long? LimitBytes { get; init; }
}
