namespace RocketOps.Embedded;

/// <summary>Where the logs of pods come from; the kubelet implements it.</summary>
public interface IPodLogSource
{
    /// <summary>
    /// Writes the asked part of a container's log as raw bytes and returns at its end; with <see cref="PodLogRequest.Follow"/> goes on until the container
    /// has ended for good or <paramref name="cancellationToken"/> fires. When following, flush once as soon as the container is found (the client's clock starts
    /// with the headers) and after each line.
    /// </summary>
    /// <exception cref="PodLogUnavailableException">There is no such container, or it has not started; thrown before the first byte.</exception>
    Task WriteLogAsync(PodLogRequest request, Stream destination, CancellationToken cancellationToken);
}
