using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Testing;

namespace RocketOps.Kubernetes.Tests.Client.Configuration;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Resolve_CurrentContext_GivesServerNamespaceAndToken()
    {
        KubernetesClientConfiguration config = Load("""
            current-context: one
            contexts:
            - name: one
              context: {cluster: c, user: u, namespace: mq}
            clusters:
            - name: c
              cluster:
                server: https://10.0.0.1:6443
                certificate-authority-data: aGVsbG8=
                tls-server-name: kubernetes
            users:
            - name: u
              user: {token: secret, as: someone, as-groups: [a, b]}
            """);

        config.Server.Should().Be(new Uri("https://10.0.0.1:6443"));
        config.Namespace.Should().Be("mq");
        config.Token.Should().Be("secret");
        config.CertificateAuthorityPem.Should().Be("hello");
        config.TlsServerName.Should().Be("kubernetes");
        config.ImpersonateUser.Should().Be("someone");
        config.ImpersonateGroups.Should().Equal("a", "b");
    }

    [Fact]
    public void Load_JsonIsYaml()
    {
        Load("""{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"http://localhost:1"}}]}""")
            .Server.Port.Should().Be(1);
    }

    [Fact]
    public void Load_SeveralFiles_FirstWins_AndPathsAreRelativeToTheirFile()
    {
        string first = Write("a/config", """
            current-context: one
            contexts: [{name: one, context: {cluster: c, user: u}}]
            users: [{name: u, user: {tokenFile: token}}]
            """);
        string second = Write("b/config", """
            current-context: two
            clusters: [{name: c, cluster: {server: "https://c:1"}}]
            users: [{name: u, user: {token: other}}]
            """);

        KubernetesClientConfiguration config = Kubeconfig.Load([first, _directory.File("missing"), second]).Resolve(contextName: null);

        config.Server.Host.Should().Be("c");
        config.TokenFile.Should().Be(_directory.File("a", "token"));
        config.Token.Should().BeNull();
    }

    [Theory]
    [InlineData("clusters: []", "current-context")]
    [InlineData("current-context: x", "no context 'x'")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: gone}}]}", "no cluster 'gone'")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: nowhere}}]}", "server")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'file:///etc/passwd'}}]}", "server")]
    [InlineData("{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: {server: 'http://h', proxy-url: nowhere}}]}", "proxy-url")]
    [InlineData("current-context: [", "(")]
    public void Resolve_Unusable_SaysWhat(string yaml, string words)
    {
        Func<KubernetesClientConfiguration> load = () => Load(yaml);

        load.Should().Throw<KubernetesConfigurationException>().WithMessage($"*{words}*");
    }

    [Theory]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}", "aws")]
    [InlineData("auth-provider: {name: gcp}", "auth-provider")]
    [InlineData("client-certificate-data: aGVsbG8=", "client-key")]
    [InlineData("{client-certificate: gone.pem, client-key: gone.key}", "gone.pem")]
    [InlineData("{client-certificate-data: '%', client-key-data: aGVsbG8=}", "base64")]
    [InlineData("{client-certificate-data: aGVsbG8=, client-key-data: aGVsbG8=}", "certificate")]
    public void Resolve_CredentialsWeCannotUse_SaysWhatToDo(string user, string words)
    {
        Func<KubernetesClientConfiguration> load = () => Load(WithUser(user.StartsWith('{') ? user : "{" + user + "}"));

        load.Should().Throw<KubernetesConfigurationException>().WithMessage($"*{words}*");
    }

    [Fact]
    public void Load_NoFile_SaysWhere()
    {
        Func<KubernetesClientConfiguration> load = () => KubernetesClientConfiguration.FromKubeconfig(_directory.File("none"));

        load.Should().Throw<KubernetesConfigurationException>().WithMessage($"*{_directory.File("none")}*");
    }

    [Fact]
    public void Resolve_ClientCertificate_HasItsKey()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=admin", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));

        KubernetesClientConfiguration config = Load(WithUser(
            $"{{client-certificate-data: {Base64(certificate.ExportCertificatePem())}, client-key-data: {Base64(key.ExportECPrivateKeyPem())}}}"));

        config.ClientCertificate!.HasPrivateKey.Should().BeTrue();
    }

    [Theory]
    [InlineData("10.0.0.1", "443", "https://10.0.0.1/")]
    [InlineData("kubernetes.default", "6443", "https://kubernetes.default:6443/")]
    [InlineData("fd00::1", "443", "https://[fd00::1]/")]
    [InlineData("[fd00::1]", "6443", "https://[fd00::1]:6443/")]
    public void InCluster_ReadsTheMountedAccount(string host, string port, string server)
    {
        Write("token", "t");
        Write("namespace", " mq\n");

        KubernetesClientConfiguration? config = InClusterConfiguration.TryLoad(Environment(host, port), _directory.Path);

        config!.Server.Should().Be(new Uri(server));
        config.Namespace.Should().Be("mq");
        config.TokenFile.Should().Be(_directory.File("token"));
    }

    [Theory]
    [InlineData(null, "443")]
    [InlineData("10.0.0.1", null)]
    [InlineData("10.0.0.1", "")]
    [InlineData("10.0.0.1", "https")]
    [InlineData("10.0.0.1", "0")]
    [InlineData("a b", "443")]
    public void InCluster_NoServer_IsRefused(string? host, string? port)
    {
        Func<KubernetesClientConfiguration> load = () => InClusterConfiguration.Load(Environment(host, port), _directory.Path);

        load.Should().Throw<KubernetesConfigurationException>().WithMessage("*KUBERNETES_SERVICE_HOST*");
    }

    [Fact]
    public void InCluster_WithoutVariablesOrToken_IsNone()
    {
        InClusterConfiguration.TryLoad(Environment("10.0.0.1", "443"), _directory.Path).Should().BeNull("there is no token");
        Write("token", "t");
        InClusterConfiguration.TryLoad(Environment("10.0.0.1", port: null), _directory.Path).Should().BeNull("there is no port");
    }

    private static string WithUser(string user) => """
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "https://c"}}]
        users:
        - name: u
          user:
        """ + " " + user;

    private static Func<string, string?> Environment(string? host, string? port) => name => name switch
    {
        "KUBERNETES_SERVICE_HOST" => host,
        "KUBERNETES_SERVICE_PORT" => port,
        _ => null,
    };

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private KubernetesClientConfiguration Load(string yaml) => KubernetesClientConfiguration.FromKubeconfig(Write("config", yaml));

    private string Write(string name, string text)
    {
        string path = _directory.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
