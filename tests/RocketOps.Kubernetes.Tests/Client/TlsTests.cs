using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Client;

public sealed class TlsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch;
    private static readonly DateTimeOffset To = DateTimeOffset.UnixEpoch.AddYears(120);

    private readonly TempDirectory _directory = new();
    private readonly X509Certificate2 _authority = Authority("ours");
    private WebApplication _app = null!;
    private Uri _address = null!;

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        X509Certificate2 certificate = Server(_authority);
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        _app = builder.Build();
        _app.Run(context => context.Response.WriteAsync($$"""{"metadata":{"name":"p","labels":{"protocol":"{{context.Request.Protocol}}"} } }"""));
        await _app.StartAsync();
        _address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Get_ServerOfOurAuthority_IsTrusted()
    {
        using KubernetesClient client = Client(new KubernetesClientConfiguration { Server = _address, CertificateAuthorityPem = _authority.ExportCertificatePem() });

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
    }

    [Fact]
    public async Task Get_ServerOfAnotherAuthority_IsRefused()
    {
        using X509Certificate2 other = Authority("other");
        using KubernetesClient client = Client(new KubernetesClientConfiguration { Server = _address, CertificateAuthorityPem = other.ExportCertificatePem() });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");

        await get.Should().ThrowAsync<HttpRequestException>();
    }

    [Fact]
    public async Task Get_OtherNameInTheCertificate_IsRefusedUnlessExpected()
    {
        Uri byAddress = new Uri(_address.AbsoluteUri.Replace("localhost", "127.0.0.1", StringComparison.Ordinal));
        using KubernetesClient strict = Client(new KubernetesClientConfiguration { Server = byAddress, CertificateAuthorityPem = _authority.ExportCertificatePem() });
        using KubernetesClient told = Client(new KubernetesClientConfiguration
        {
            Server = byAddress,
            CertificateAuthorityPem = _authority.ExportCertificatePem(),
            TlsServerName = "localhost",
        });
        Func<Task<Pod?>> get = () => strict.GetAsync<Pod>("p", "ns");

        await get.Should().ThrowAsync<HttpRequestException>();
        (await told.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
    }

    [Fact]
    public async Task Get_AuthorityFileRotated_IsReadAgain()
    {
        string file = _directory.File("ca.crt");
        using X509Certificate2 other = Authority("other");
        await File.WriteAllTextAsync(file, other.ExportCertificatePem());
        using KubernetesClient client = Client(new KubernetesClientConfiguration { Server = _address, CertificateAuthorityFile = file });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");
        await get.Should().ThrowAsync<HttpRequestException>();

        await File.WriteAllTextAsync(file, other.ExportCertificatePem() + "\n" + _authority.ExportCertificatePem());

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
    }

    /// <summary>The kubelet replaces the folder that the file's link leads to; the link and its time stay.</summary>
    [Fact]
    public async Task Get_AuthorityFileOfAPodRotated_IsReadAgain()
    {
        using X509Certificate2 other = Authority("other");
        string file = _directory.File("ca.crt");
        string data = _directory.File("..data");
        Publish("..1", other);
        File.CreateSymbolicLink(data, "..1");
        File.CreateSymbolicLink(file, Path.Combine("..data", "ca.crt"));
        using KubernetesClient client = Client(new KubernetesClientConfiguration { Server = _address, CertificateAuthorityFile = file });
        Func<Task<Pod?>> get = () => client.GetAsync<Pod>("p", "ns");
        await get.Should().ThrowAsync<HttpRequestException>();

        Publish("..2", _authority);
        File.Delete(data);
        File.CreateSymbolicLink(data, "..2");

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();

        void Publish(string folder, X509Certificate2 authority)
        {
            Directory.CreateDirectory(_directory.File(folder));
            File.WriteAllText(Path.Combine(_directory.File(folder), "ca.crt"), authority.ExportCertificatePem());
        }
    }

    [Fact]
    public async Task Get_TheVersionOfHttpInTheOptions_IsSpoken()
    {
        KubernetesClientConfiguration configuration = new() { Server = _address, CertificateAuthorityPem = _authority.ExportCertificatePem() };
        using KubernetesClient usual = Client(configuration);
        using KubernetesClient plain = new(configuration, new KubernetesClientOptions { HttpVersion = HttpVersion.Version11 });

        (await usual.GetAsync<Pod>("p", "ns"))!.Label("protocol").Should().Be("HTTP/2");
        (await plain.GetAsync<Pod>("p", "ns"))!.Label("protocol").Should().Be("HTTP/1.1");
    }

    [Fact]
    public async Task Get_VerificationSwitchedOff_TrustsAnyone()
    {
        using KubernetesClient client = Client(new KubernetesClientConfiguration { Server = _address, SkipTlsVerify = true });

        (await client.GetAsync<Pod>("p", "ns")).Should().NotBeNull();
    }

    [Fact]
    public void Create_AuthorityThatIsNone_IsRefused()
    {
        Func<KubernetesClient> create = () => Client(new KubernetesClientConfiguration { Server = _address, CertificateAuthorityPem = "nothing" });

        create.Should().Throw<KubernetesConfigurationException>();
    }

    private static KubernetesClient Client(KubernetesClientConfiguration configuration) =>
        new(configuration, options: new KubernetesClientOptions { MaxAttempts = 1 });

    private static X509Certificate2 Authority(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(From, To);
    }

    private static X509Certificate2 Server(X509Certificate2 authority)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(authority, From, To, [1, 2, 3, 4]);
        return certificate.CopyWithPrivateKey(key);
    }
}
