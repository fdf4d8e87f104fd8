using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

public sealed class PodClientTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("credentials-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_InNoPod_IsRefusedWithWhatToDo()
    {
        FluentActions.Invoking(() => Open(static _ => null)).Should().Throw<InvalidDataException>().WithMessage("*KUBERNETES_SERVICE_HOST*lease store*");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no certificate")]
    public void Open_WithoutAnAuthority_IsRefusedWithItsFile(string? content)
    {
        string file = Path.Combine(_folder, "ca.crt");
        if (content is not null)
        {
            File.WriteAllText(file, content);
        }

        FluentActions.Invoking(() => Open(static name => name == "KUBERNETES_SERVICE_HOST" ? "10.0.0.1" : "443")).Should().Throw<InvalidDataException>().WithMessage($"*{file}*");
    }

    private KubernetesClient Open(Func<string, string?> environment) => PodClient.Open(environment, _folder, TimeSpan.FromSeconds(1), TimeProvider.System, NullLoggerFactory.Instance);
}
