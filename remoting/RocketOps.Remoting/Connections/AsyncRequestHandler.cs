using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Base of handlers for codes that do not come per message: the request is copied into a <see cref="RemotingCommand"/> and handled on the thread pool, so it may
/// await files and other nodes. Requests of one connection may then overtake each other; codes whose order matters (offset commits) implement <see cref="IRequestHandler"/>.
/// </summary>
public abstract class AsyncRequestHandler : IRequestHandler
{
    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Connection.RunDetached(this, frame);
    }

    /// <summary>
    /// One-way requests are worked on to their end also when the connection closes: their senders wait for nothing, and may leave as soon as they have sent them. Only for work that ends by itself in a time that is bounded.
    /// </summary>
    protected internal virtual bool FinishesOneWay => false;

    /// <summary>
    /// Answers the request: the response, or null when there is none (one-way) or it is sent later by other means.
    /// Throw <see cref="RemotingCommandException"/> to refuse with a code and remark. <paramref name="cancellationToken"/> is cancelled when the connection closes, unless <see cref="FinishesOneWay"/>.
    /// </summary>
    public abstract ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken);
}
