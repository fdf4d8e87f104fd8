using System.Globalization;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// Access to the API server of this pod's cluster: where it is, and the files by which the pod proves who it is and recognises the server.
/// </summary>
/// <param name="Server">Base address.</param>
/// <param name="TokenFile">The service account's token; the kubelet writes it anew before it ends.</param>
/// <param name="AuthorityFile">PEM bundle of the authorities that may have signed the server's certificate; it can change too.</param>
internal sealed record KubernetesAccess(Uri Server, string TokenFile, string AuthorityFile)
{
    /// <summary>Folder where pods have their service account's files unless told otherwise.</summary>
    public const string DefaultFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";

    /// <summary>The cluster this process runs in, which the kubelet tells by two variables.</summary>
    /// <param name="environment">Reads a variable; null or empty when it is not set.</param>
    /// <param name="folder">Holds <c>token</c> and <c>ca.crt</c>.</param>
    /// <exception cref="InvalidDataException">This process is in no pod, or the variables name no server; the text says what to do.</exception>
    public static KubernetesAccess InCluster(Func<string, string?> environment, string folder = DefaultFolder)
    {
        ArgumentNullException.ThrowIfNull(environment);
        string? host = environment(HostVariable);
        string? port = environment(PortVariable);
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new InvalidDataException($"The lease of this group is in Kubernetes, but this process runs in no pod: {HostVariable} and {PortVariable} are not set. Name another lease store, or run it where the operator runs it.");
        }

        if (host.Contains(':', StringComparison.Ordinal) && host[0] != '[')
        {
            host = $"[{host}]";
        }

        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= ushort.MaxValue
            && Uri.TryCreate($"https://{host}:{port}/", UriKind.Absolute, out Uri? server)
            ? new KubernetesAccess(server, Path.Combine(folder, "token"), Path.Combine(folder, "ca.crt"))
            : throw new InvalidDataException($"{HostVariable}={host} and {PortVariable}={port} name no server; the kubelet sets both, so nothing else should.");
    }
}
