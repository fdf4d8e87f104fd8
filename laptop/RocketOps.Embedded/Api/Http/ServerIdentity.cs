using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using RocketOps.Hosting.Files;

namespace RocketOps.Embedded.Api.Http;

/// <summary>
/// The server's own throwaway authority, the certificate it signed for loopback, and the bearer token. Kept in the data directory (0600), so that a
/// kubeconfig stays good over restarts.
/// </summary>
internal sealed class ServerIdentity : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);

    private ServerIdentity(string caPem, X509Certificate2 server, string token)
    {
        CaPem = caPem;
        Server = server;
        Token = token;
    }

    public string CaPem { get; }

    public X509Certificate2 Server { get; }

    public string Token { get; }

    /// <param name="directory">Where it is kept; null makes a new one for this run.</param>
    /// <param name="now">For validity.</param>
    public static ServerIdentity LoadOrCreate(string? directory, DateTimeOffset now)
    {
        if (directory is null)
        {
            return Create(now);
        }

        string ca = Path.Combine(directory, "ca.crt");
        string server = Path.Combine(directory, "server.pem");
        string token = Path.Combine(directory, "token");
        if (File.Exists(ca) && File.Exists(server) && File.Exists(token) && TryLoad(File.ReadAllText(server)) is { } certificate)
        {
            ServerIdentity kept = new(File.ReadAllText(ca), certificate, File.ReadAllText(token).Trim());
            if (certificate.NotAfter > now.UtcDateTime.AddDays(1) && kept.CaPem.Length > 0 && kept.Token.Length > 0)
            {
                return kept;
            }

            kept.Dispose();
        }

        ServerIdentity created = Create(now);
        Directory.CreateDirectory(directory);

        // Gone first: whoever is cut off below must not leave a certificate beside an authority that has not signed it.
        File.Delete(server);
        Keep(ca, created.CaPem);
        using (ECDsa key = created.Server.GetECDsaPrivateKey()!)
        {
            Keep(server, created.Server.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        Keep(token, created.Token + "\n");
        return created;
    }

    /// <summary>Tells if a request brings the token. Hashes have one length: comparing takes the same time whatever was sent.</summary>
    public bool Accepts(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header["Bearer ".Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(Token)));

    public void Dispose() => Server.Dispose();

    /// <summary>The certificate with its key; null for what is neither, as a crash of the machine may leave it: the identity is made anew then.</summary>
    private static X509Certificate2? TryLoad(string pem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem, pem);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static void Keep(string path, string text) => new DurableFile(path, isPrivate: true).Write(Encoding.UTF8.GetBytes(text));

    private static ServerIdentity Create(DateTimeOffset now)
    {
        using ECDsa caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest caRequest = new("CN=rocketops-embedded-ca", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        caRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        caRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(caRequest.PublicKey, false));
        DateTimeOffset start = now.AddHours(-1);
        using X509Certificate2 ca = caRequest.CreateSelfSigned(start, now + Lifetime);

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=rocketops-embedded-api", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 signed = request.Create(ca, start, now + Lifetime, RandomNumberGenerator.GetBytes(16));
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return new ServerIdentity(ca.ExportCertificatePem() + "\n", signed.CopyWithPrivateKey(key), token);
    }
}
