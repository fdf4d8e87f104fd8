using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// Opens the client for the API server of this pod's cluster. Nothing is repeated and nothing waits longer than a request may take: the group's own loops ask again,
/// and a renewal that comes late is worth less than the next one.
/// </summary>
internal static class PodClient
{
    /// <summary>An object is at most 1.5 MiB in etcd; what a broker asks for has a few KiB.</summary>
    private const int MaxBodyBytes = 2 * 1024 * 1024;

    /// <summary>Far more than a group asks for, whose loops have a pace of their own: a renewal must never wait for a place.</summary>
    private const int MaxRequestsPerSecond = 1_000;

    /// <summary>The cluster this process runs in.</summary>
    /// <param name="environment">Reads a variable; null or empty when it is not set.</param>
    /// <param name="folder">Holds the service account's <c>token</c> and <c>ca.crt</c>.</param>
    /// <param name="timeout">For each request, the connection included. A watch has as long for its first answer.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="loggers">Told of credentials that cannot be read any more, and of what the server warns of.</param>
    /// <exception cref="InvalidDataException">This process is in no pod, or its files are none; the text says what to do.</exception>
    public static KubernetesClient Open(Func<string, string?> environment, string folder, TimeSpan timeout, TimeProvider time, ILoggerFactory loggers)
    {
        try
        {
            return new KubernetesClient(InClusterConfiguration.Load(environment, folder), KubernetesTypes.None, Options(timeout), time, loggers.CreateLogger<KubernetesClient>());
        }
        catch (KubernetesConfigurationException unusable)
        {
            throw new InvalidDataException($"The lease of this group is in Kubernetes. {unusable.Message} Name another lease store, or run it where the operator runs it.", unusable);
        }
    }

    private static KubernetesClientOptions Options(TimeSpan timeout) => new()
    {
        UserAgent = "rocketops-broker",
        ConnectTimeout = timeout,
        RequestTimeout = timeout,
        MaxAttempts = 1,
        RequestsPerSecond = MaxRequestsPerSecond,
        Burst = MaxRequestsPerSecond,
        HttpVersion = HttpVersion.Version11,
        MaxWatchEventBytes = MaxBodyBytes,
        MaxResponseBytes = MaxBodyBytes,
    };
}
