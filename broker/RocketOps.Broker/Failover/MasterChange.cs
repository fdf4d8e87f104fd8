using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles.Sessions;

namespace RocketOps.Broker.Failover;

/// <summary>Parts of the broker that change when its group has another master.</summary>
/// <param name="Roles">Role of this broker.</param>
/// <param name="Topics">Topics that a new master finds in its log.</param>
/// <param name="Master">Address of whoever is followed.</param>
/// <param name="Clients">Clients that came for a master.</param>
internal sealed record MasterChange(RoleManager Roles, TopicRecovery Topics, MasterAddresses Master, ClientsOfMaster Clients);
