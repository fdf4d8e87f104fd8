using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Tests.Support;

internal sealed class DelegateHandler(Func<RemotingConnection, RemotingCommand, CancellationToken, ValueTask<RemotingCommand?>> handle) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) =>
        handle(connection, request, cancellationToken);
}
