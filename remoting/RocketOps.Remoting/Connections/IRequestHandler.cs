using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Handles one request code. Called on the connection's own loop over borrowed bytes, so it must neither block nor keep the frame:
/// what cannot be answered at once is copied and answered later through <see cref="RequestBatch.Connection"/>, or derives from <see cref="AsyncRequestHandler"/>.
/// Requests of one connection arrive in order and one at a time; different connections call concurrently.
/// A thrown <see cref="RemotingCommandException"/> becomes the answer; any other exception is logged and answered with code 1.
/// </summary>
public interface IRequestHandler
{
    void Handle(in RequestFrame frame, RequestBatch batch);
}
