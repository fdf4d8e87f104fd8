using Microsoft.Extensions.Logging;
using RocketOps.Election.Members;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>One kind of lease store: what <c>leaseStore=NAME:LOCATION</c> opens.</summary>
internal interface ILeaseStoreScheme
{
    /// <summary>Name before the colon.</summary>
    string Name { get; }

    /// <summary>Form of the whole value, as people read it.</summary>
    string Form { get; }

    /// <summary>Finds what is wrong with what comes after the colon; null when nothing is. Asks nothing but the text.</summary>
    string? FindFault(string location);

    /// <summary>Opens the store without asking anybody: what does not answer is told by the store's own calls.</summary>
    OpenLeaseStore Open(string location, LeaseStoreContext context);
}

/// <summary>Context of a lease store: what it may want to know of the broker that opens it.</summary>
/// <param name="Group">The rules of the group whose lease it is.</param>
/// <param name="KubernetesCredentials">Folder of the service account's files (<c>kubernetesCredentials</c>).</param>
/// <param name="MasterSlice">The EndpointSlice that follows the master (<c>masterSlice</c>); empty when there is none.</param>
/// <param name="Loggers">For what it has to tell.</param>
/// <param name="Time">The machine's clocks.</param>
internal sealed record LeaseStoreContext(GroupOptions Group, string KubernetesCredentials, string MasterSlice, ILoggerFactory Loggers, TimeProvider Time);
