namespace RocketOps.Broker.Roles;

/// <summary>The role of this broker during one epoch. A change of role replaces it, so that whoever reads it once sees parts that belong together.</summary>
/// <param name="IsMaster">Takes messages; a slave only serves reads.</param>
/// <param name="BrokerId">The id name servers are told: 0 for a master, above 0 for a slave.</param>
/// <param name="Epoch">Grows with every change of role in the group; 0 for the configured role.</param>
internal sealed record RoleTerm(bool IsMaster, long BrokerId, long Epoch);
