using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace RocketOps.Embedded.Tests;

/// <summary>HTTP clients that trust one server's own authority and nobody else.</summary>
internal static class EmbeddedClients
{
    public static HttpClient For(EmbeddedApiServer server, string? token = null)
    {
        X509Certificate2 authority = X509Certificate2.CreateFromPem(server.CaCertificatePem);
        SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => SignedBy(authority, certificate);
        HttpClient client = new(handler) { BaseAddress = server.Address, DefaultRequestVersion = System.Net.HttpVersion.Version20 };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? server.Token);
        return client;
    }

    public static bool SignedBy(X509Certificate2 authority, X509Certificate? certificate)
    {
        if (certificate is null)
        {
            return false;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }
}
