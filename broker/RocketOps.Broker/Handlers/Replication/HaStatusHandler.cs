using RocketOps.Broker.Json;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>GET_BROKER_HA_STATUS (907): <c>mqadmin haStatus</c> asks for the slaves of a master, and how a slave follows.</summary>
internal sealed class HaStatusHandler(RoleManager roles, CurrentRole role, MessageStore store, SlaveTable slaves, MasterAddresses master) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(role.IsMaster ? OfMaster() : OfSlave(), ReplicationJson.Default.HaStatusBody);
        return ValueTask.FromResult<RemotingCommand?>(response);
    }

    private HaStatusBody OfMaster()
    {
        // The slaves first: what they have was appended here before, so no lag is negative.
        IReadOnlyList<SlaveStatus> connected = slaves.Snapshot();
        long end = store.Positions.Appended.Value;
        return new HaStatusBody
        {
            IsMaster = true,
            MasterEnd = end,
            InSyncSlaves = connected.Count(static slave => slave.IsInSync),
            Connections =
            [
                .. connected.Select(slave => new HaConnectionBody
                {
                    Address = slave.Address,
                    Lag = end - slave.Acknowledged,
                    IsInSync = slave.IsInSync,
                    Acknowledged = slave.Acknowledged,
                    Sent = slave.Sent,
                    BytesPerSecond = slave.BytesPerSecond,
                }),
            ],
        };
    }

    private HaStatusBody OfSlave()
    {
        // Null for the moment of a change of role.
        LogFollower? follower = roles.SlaveSession?.Follower;
        return new HaStatusBody
        {
            Client = new HaClientBody
            {
                MasterAddress = master.Ha.Length > 0 ? master.Ha : null,
                MaxOffset = store.Positions.Appended.Value,
                LastReadTimestamp = follower?.HeardAtMs ?? 0,
                LastWriteTimestamp = follower?.ToldAtMs ?? 0,
                BytesPerSecond = follower?.BytesPerSecond ?? 0,
            },
        };
    }
}
