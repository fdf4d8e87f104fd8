using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client.Configuration;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Trusts the cluster's own authorities and nobody else. They rotate: the file is read for every new connection, so a new bundle needs no restart.
/// </summary>
internal sealed partial class ServerCertificateValidator : IDisposable
{
    private readonly string? _file;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private X509Certificate2Collection _authorities = [];
    private string? _read;

    public ServerCertificateValidator(string? pem, string? file, ILogger logger)
    {
        _file = file;
        _logger = logger;
        if (pem is not null)
        {
            _authorities = Import(pem, "certificate-authority-data");
        }
        else if (file is not null)
        {
            Refresh(file);
        }
    }

    public bool Validate(X509Certificate? certificate, X509Chain? peerChain, SslPolicyErrors errors)
    {
        // The chain is judged here, against our authorities; a wrong name or no certificate stays wrong.
        if (certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities());
        if (peerChain is not null)
        {
            // Intermediates the server sent along.
            foreach (X509ChainElement element in peerChain.ChainElements)
            {
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }

        return chain.Build(server);
    }

    public void Dispose()
    {
        foreach (X509Certificate2 authority in _authorities)
        {
            authority.Dispose();
        }
    }

    private X509Certificate2Collection Authorities()
    {
        lock (_lock)
        {
            if (_file is null)
            {
                return _authorities;
            }

            try
            {
                Refresh(_file);
            }
            catch (KubernetesConfigurationException e)
            {
                LogUnreadable(_logger, e.Message);
            }

            return _authorities;
        }
    }

    private void Refresh(string file)
    {
        string pem = ReadFile(file);
        if (pem != _read)
        {
            // The old certificates are left to the garbage collector: another handshake may be using them.
            _authorities = Import(pem, file);
            _read = pem;
        }
    }

    private static string ReadFile(string file)
    {
        try
        {
            return CredentialFile.Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new KubernetesConfigurationException($"The cluster's certificate authority {file} cannot be read: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection Import(string pem, string source)
    {
        X509Certificate2Collection collection = new();
        try
        {
            collection.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new KubernetesConfigurationException($"{source} holds no certificates: {e.Message}", e);
        }

        return collection.Count > 0 ? collection : throw new KubernetesConfigurationException($"{source} holds no certificates.");
    }

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "Going on with the previous certificate authority: {Error}")]
    private static partial void LogUnreadable(ILogger logger, string error);
}
