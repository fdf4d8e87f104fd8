using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace RocketOps.Embedded.Kubelet;

/// <summary>The HTTP client of the kubelet: trusts one authority, carries one token, lets watches live.</summary>
public static class ControlPlaneHttp
{
    public static HttpClient CreateClient(Uri address, string token, string authorityPem)
    {
        ArgumentNullException.ThrowIfNull(address);
        X509Certificate2 authority = X509Certificate2.CreateFromPem(authorityPem);
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,

            // A watch holds a stream for minutes, and there are a dozen of them.
            EnableMultipleHttp2Connections = true,
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { authority },
                },
            },
        };
        return new HttpClient(handler)
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
    }
}
