using System.Security.Cryptography.X509Certificates;

namespace RocketOps.Kubernetes.Client.Configuration;

/// <summary>Address of the API server, and who we are. A class, not a record: a record's text would print the credentials.</summary>
public sealed class KubernetesClientConfiguration
{
    public required Uri Server { get; init; }

    public string Namespace { get; init; } = "default";

    /// <summary>Source of this configuration, for the log.</summary>
    public string Source { get; init; } = "code";

    /// <summary>Certificates the server's must chain to, PEM. Without these and without a file the system's store decides.</summary>
    public string? CertificateAuthorityPem { get; init; }

    /// <summary>The same in a file that is read again when it changes.</summary>
    public string? CertificateAuthorityFile { get; init; }

    public bool SkipTlsVerify { get; init; }

    /// <summary>The name expected in the server's certificate when it is not the host of <see cref="Server"/>.</summary>
    public string? TlsServerName { get; init; }

    public X509Certificate2? ClientCertificate { get; init; }

    public string? Token { get; init; }

    /// <summary>A token that changes: read again every minute and after a 401. Wins over <see cref="Token"/>.</summary>
    public string? TokenFile { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public Uri? Proxy { get; init; }

    public string? ImpersonateUser { get; init; }

    public IReadOnlyList<string> ImpersonateGroups { get; init; } = [];
}
