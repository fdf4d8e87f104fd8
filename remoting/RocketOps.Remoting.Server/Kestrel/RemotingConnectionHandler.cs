using Microsoft.AspNetCore.Connections;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Kestrel;

/// <summary>Runs a <see cref="PipeDriver"/> for every connection Kestrel accepts.</summary>
internal sealed class RemotingConnectionHandler(OpenConnections connections) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        await using KestrelTransport transport = new(connection);
        PipeDriver driver = new(transport, connections.Handlers, connections.Options.Remoting, connections.Budget, connections.Time, connections.Logger);
        connections.Add(driver.Connection);
        try
        {
            await driver.RunAsync();
        }
        finally
        {
            connections.Remove(driver.Connection);
        }
    }
}
