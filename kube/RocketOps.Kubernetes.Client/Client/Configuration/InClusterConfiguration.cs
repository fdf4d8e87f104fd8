namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>The configuration every pod gets: address by environment, the rest mounted.</summary>
internal static class InClusterConfiguration
{
    public const string DefaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <returns>Null outside a cluster: one of the two variables or the token is missing.</returns>
    public static KubernetesClientConfiguration? TryLoad() => TryLoad(Environment.GetEnvironmentVariable, DefaultDirectory);

    internal static KubernetesClientConfiguration? TryLoad(Func<string, string?> environment, string directory)
    {
        string? host = environment("KUBERNETES_SERVICE_HOST");
        string? port = environment("KUBERNETES_SERVICE_PORT");
        string tokenFile = Path.Combine(directory, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(tokenFile))
        {
            return null;
        }

        string address = host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}" : $"https://{host}:{port}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? server))
        {
            throw new KubernetesConfigurationException($"KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT give '{address}', which is not an address.");
        }

        return new KubernetesClientConfiguration
        {
            Server = server,
            Namespace = environment("POD_NAMESPACE") is { Length: > 0 } ns ? ns : ReadNamespace(Path.Combine(directory, "namespace")),
            Source = "the pod's service account",
            CertificateAuthorityFile = Path.Combine(directory, "ca.crt"),
            TokenFile = tokenFile,
        };
    }

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
