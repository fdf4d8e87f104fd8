using System.Globalization;

namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>The configuration every pod gets: address by environment, the rest mounted.</summary>
public static class InClusterConfiguration
{
    /// <summary>Folder where pods have the <c>token</c> and the <c>ca.crt</c> of their service account unless told otherwise.</summary>
    public const string DefaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";

    /// <returns>Null outside a cluster: one of the two variables or the token is missing.</returns>
    public static KubernetesClientConfiguration? TryLoad() => TryLoad(Environment.GetEnvironmentVariable, DefaultDirectory);

    internal static KubernetesClientConfiguration? TryLoad(Func<string, string?> environment, string directory) =>
        File.Exists(TokenFile(directory)) && environment(HostVariable) is { Length: > 0 } && environment(PortVariable) is { Length: > 0 } ? Load(environment, directory) : null;

    /// <summary>The cluster this process runs in, which the kubelet tells by two variables.</summary>
    /// <param name="environment">Reads a variable; null or empty when it is not set.</param>
    /// <param name="directory">Holds <c>token</c> and <c>ca.crt</c>.</param>
    /// <exception cref="KubernetesConfigurationException">This process is in no pod, or the variables name no server.</exception>
    public static KubernetesClientConfiguration Load(Func<string, string?> environment, string directory = DefaultDirectory)
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (environment(HostVariable) is not { Length: > 0 } host || environment(PortVariable) is not { Length: > 0 } port)
        {
            throw new KubernetesConfigurationException($"This process runs in no pod: {HostVariable} and {PortVariable} are not set.");
        }

        if (host.Contains(':', StringComparison.Ordinal) && host[0] != '[')
        {
            host = $"[{host}]";
        }

        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is 0 or > ushort.MaxValue
            || !Uri.TryCreate($"https://{host}:{port}", UriKind.Absolute, out Uri? server))
        {
            throw new KubernetesConfigurationException($"{HostVariable}={host} and {PortVariable}={port} name no server; the kubelet sets both, so nothing else should.");
        }

        return new KubernetesClientConfiguration
        {
            Server = server,
            Namespace = environment("POD_NAMESPACE") is { Length: > 0 } ns ? ns : ReadNamespace(Path.Combine(directory, "namespace")),
            Source = "the pod's service account",
            CertificateAuthorityFile = Path.Combine(directory, "ca.crt"),
            TokenFile = TokenFile(directory),
        };
    }

    private static string TokenFile(string directory) => Path.Combine(directory, "token");

    private static string ReadNamespace(string path)
    {
        if (!File.Exists(path))
        {
            return "default";
        }

        string ns = File.ReadAllText(path).Trim();
        return ns.Length > 0 ? ns : "default";
    }
}

/// <summary>The kubeconfig or the pod's service account cannot be used; the message says what to do.</summary>
public sealed class KubernetesConfigurationException(string message, Exception? innerException = null) : Exception(message, innerException);
