using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Connections;

/// <summary>A handler that knows by itself which requests are for its member, where several members of a client handle a code. It answers what is for none of them, too.</summary>
internal interface ISelectiveHandler : IRequestHandler
{
    /// <summary>Called on a connection's loop: it must not block.</summary>
    bool IsFor(RemotingCommand request);
}
