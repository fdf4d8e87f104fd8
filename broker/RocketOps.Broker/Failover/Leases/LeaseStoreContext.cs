using Microsoft.Extensions.Logging;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>Context of a lease store: what it may want to know of the broker that opens it.</summary>
/// <param name="Group">The rules of the group whose lease it is.</param>
/// <param name="KubernetesCredentials">Folder of the service account's files (<c>kubernetesCredentials</c>).</param>
/// <param name="MasterSlice">The EndpointSlice that follows the master (<c>masterSlice</c>); empty when there is none.</param>
/// <param name="Loggers">For what it has to tell.</param>
/// <param name="Time">The machine's clocks.</param>
internal sealed record LeaseStoreContext(GroupOptions Group, string KubernetesCredentials, string MasterSlice, ILoggerFactory Loggers, TimeProvider Time);
