using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using RocketOps.Kubernetes.Client.Configuration;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>Connections to the API server.</summary>
internal static class HttpHandlerFactory
{
    [SuppressMessage("Security", "CA5359:Do Not Disable Certificate Validation", Justification = "Only when the kubeconfig says insecure-skip-tls-verify.")]
    [SuppressMessage("Security", "MA0039:Do not write your own certificate validation method", Justification = "The cluster's own authorities instead of the system's.")]
    public static SocketsHttpHandler Create(KubernetesClientConfiguration configuration, TimeSpan connectTimeout, ServerCertificateValidator? validator)
    {
        SocketsHttpHandler handler = new()
        {
            // Each watch holds a stream for minutes; one connection carries 100 to 250 of them.
            EnableMultipleHttp2Connections = true,

            // Without pings a dead load balancer leaves watches silent for up to 15 minutes.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),

            // Old connections end, so that rotated authorities and moved addresses are noticed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = connectTimeout,

            // AutomaticDecompression is not even set to none, which would bring Brotli into a native program. The client unpacks bodies itself, as
            // watches must not ask for compression: it holds small events back.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = configuration.Proxy is not null,
            Proxy = configuration.Proxy is { } proxy ? new FixedProxy(proxy) : null,
        };

        if (configuration.ClientCertificate is { } certificate)
        {
            handler.SslOptions.ClientCertificates = [certificate];
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        if (configuration.SkipTlsVerify)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (validator is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => validator.Validate(certificate, chain, errors);
        }

        handler.SslOptions.EncryptionPolicy = EncryptionPolicy.RequireEncryption;
        return handler;
    }
}
