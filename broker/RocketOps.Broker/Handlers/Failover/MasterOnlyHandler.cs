using RocketOps.Broker.Failover;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>
/// Requests that only the master's tables are there for, in a group that elects it: progress of consumers, locks of queues, ends of transactions, messages that consumers send back. Elsewhere they are passed on to it.
/// While none is known they wait for one, and are refused in the end: a lock that is given here would be a second one, and progress that is noted here would be overwritten.
/// </summary>
/// <param name="here">Carries them out where this member leads.</param>
/// <param name="forwarder">Passes them on where it does not.</param>
/// <param name="asksOnly">They change nothing: while no master is known they are answered here, as by a slave whose master is gone.</param>
internal sealed class MasterOnlyHandler(IRequestHandler here, MasterForwarder forwarder, bool asksOnly) : IRequestHandler
{
    private readonly Detached _detached = new(forwarder);

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        if (asksOnly ? forwarder.PassesOn(frame.HasRemark) : forwarder.IsElsewhere)
        {
            _detached.Handle(frame, batch);
        }
        else
        {
            here.Handle(frame, batch);
        }
    }

    private sealed class Detached(MasterForwarder forwarder) : AsyncRequestHandler
    {
        protected override bool FinishesOneWay => true;

        public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken) =>
            await forwarder.ForwardAsync(connection, request, cancellationToken)
            ?? RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "service not available now: this broker has become the master of its group; ask again");
    }
}
