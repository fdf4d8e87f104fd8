namespace RocketOps.Kubernetes.Client;

/// <summary>The configuration every pod gets: address by environment, the rest mounted.</summary>
internal static class InClusterConfiguration
{
    public const string DefaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <returns>Null outside a cluster: one of the two variables or the token is missing.</returns>
    public static KubernetesClientConfiguration? TryLoad() => TryLoad(Environment.GetEnvironmentVariable, DefaultDirectory);

    internal static KubernetesClientConfiguration? TryLoad(Func<string, string?> environment, string directory)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        var tokenFile = Path.Combine(directory, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(tokenFile))
        {
            return null;
        }

        var address = host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}" : $"https://{host}:{port}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server))
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

        var ns = File.ReadAllText(path).Trim();
        return ns.Length > 0 ? ns : "default";
    }
}
