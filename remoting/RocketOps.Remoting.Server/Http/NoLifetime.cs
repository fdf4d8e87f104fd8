using Microsoft.Extensions.Hosting;

namespace RocketOps.Remoting.Server.Http;

/// <summary>
/// Leaves signals to the program. The host's own lifetime would take SIGTERM and SIGINT away from whoever embeds a <c>RemotingServer</c>, and not end the process.
/// </summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
