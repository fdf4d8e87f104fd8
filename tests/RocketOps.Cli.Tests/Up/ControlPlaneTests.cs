using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Cli.Running;
using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class ControlPlaneTests
{
    [Fact]
    public async Task Start_PortIsTaken_SaysWhichAndWhatToDo()
    {
        using TempDirectory folder = new();
        using DataDirectory data = DataDirectory.Open(folder.File("data"));
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;

        Func<Task> start = () => ControlPlane.StartAsync(data, port, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);

        (await start.Should().ThrowAsync<CommandFailedException>()).WithMessage($"port {port} of 127.0.0.1 is taken. Choose another one with --port, or a free one by leaving --port away.");
    }
}
