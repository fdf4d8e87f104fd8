using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// The service account's token and the cluster's authorities, read again every minute: tokens live about an hour, and authorities rotate as well. While the files
/// cannot be read, what was read last is used. Thread-safe.
/// </summary>
internal sealed class KubernetesCredentials(KubernetesAccess access, TimeProvider time) : IDisposable
{
    /// <summary>Several times what a bundle of authorities has.</summary>
    private const int MaxFileBytes = 1024 * 1024;

    private static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile Files? _files;

    /// <summary>The token for the next request.</summary>
    /// <exception cref="KubernetesApiException">Nothing could be read yet.</exception>
    public async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        if (_files is { } fresh && time.GetElapsedTime(fresh.ReadAt) < ReadEvery)
        {
            return fresh.Token;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_files is not { } known || time.GetElapsedTime(known.ReadAt) >= ReadEvery)
            {
                _files = await ReadAsync(cancellationToken);
            }

            return _files.Token;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or CryptographicException)
        {
            // The previous token may live on for a while; without one nothing can be asked.
            return _files?.Token ?? throw new KubernetesApiException(
                $"The service account's files {access.TokenFile} and {access.AuthorityFile} cannot be read: {failure.Message} The pod needs its service account's token mounted there.", failure);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The server took the token for invalid: the next request reads the file again.</summary>
    public void Refuse(string token)
    {
        if (_files is { } files && files.Token == token)
        {
            _files = null;
        }
    }

    /// <summary>Only the cluster's own authorities are trusted, and the name in the certificate counts.</summary>
    public bool Trusts(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (_files is not { } files || certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(files.Authorities);
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(server);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Files> ReadAsync(CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        string token = (await ReadFileAsync(access.TokenFile, cancellationToken)).Trim();
        if (token.Length == 0 || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new InvalidDataException($"{access.TokenFile} holds no token.");
        }

        X509Certificate2Collection authorities = [];
        authorities.ImportFromPem(await ReadFileAsync(access.AuthorityFile, cancellationToken));
        return authorities.Count > 0 ? new Files(token, authorities, now) : throw new InvalidDataException($"{access.AuthorityFile} holds no certificate.");
    }

    private static async Task<string> ReadFileAsync(string file, CancellationToken cancellationToken) => new FileInfo(file) is { Exists: true, Length: > MaxFileBytes }
        ? throw new InvalidDataException($"{file} is longer than {MaxFileBytes} bytes.")
        : await File.ReadAllTextAsync(file, cancellationToken);

    // Certificates of an older bundle are left to the garbage collector: a handshake may be using them.
    private sealed record Files(string Token, X509Certificate2Collection Authorities, long ReadAt);
}
