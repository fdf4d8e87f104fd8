using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Leases;

namespace RocketOps.Broker.Replication.Kubernetes;

/// <summary>
/// <c>leaseStore=kubernetes:NAMESPACE/NAME</c>: a Lease of the cluster this pod runs in (<see cref="KubernetesLeaseStore"/>). With <c>masterSlice</c> the address of the group's master follows who leads
/// (<see cref="MasterSlice"/>).
/// </summary>
internal sealed class KubernetesLeaseScheme : ILeaseStoreScheme
{
    private const string PodAddressVariable = "POD_IP";

    public string Name => "kubernetes";

    public string Form => "kubernetes:NAMESPACE/NAME";

    public string? FindFault(string location) =>
        location.Split('/') is [var ns, var name] && KubernetesName.IsValid(ns) && KubernetesName.IsValid(name) ? null : $"'kubernetes:{location}' must name a Lease as {Form}";

    public OpenLeaseStore Open(string location, LeaseStoreContext context)
    {
        string[] parts = location.Split('/');
        GroupSettings group = context.Options.Group ?? throw new InvalidDataException("leaseStore: a group with fixed roles has no lease; set failover=Automatic");
        KubernetesApi api = new(KubernetesAccess.InCluster(Environment.GetEnvironmentVariable, context.Options.Values.Get(BrokerKeys.KubernetesCredentials)), group.Options.Lease.RequestTimeout, context.Time);
        KubernetesLeaseStore leases = new(api, parts[0], parts[1], context.Time);
        return new OpenLeaseStore(new OwnedLeaseStore(leases, api), Announcement(api, leases, parts[0], group.Options.Member, context));
    }

    private static IMasterAnnouncement Announcement(KubernetesApi api, KubernetesLeaseStore leases, string ns, string member, LeaseStoreContext context)
    {
        if (context.Options.Values.Get(BrokerKeys.MasterSlice) is not { Length: > 0 } slice)
        {
            return new NoAnnouncement();
        }

        string address = Environment.GetEnvironmentVariable(PodAddressVariable) is { Length: > 0 } given
            ? given
            : throw new InvalidDataException($"masterSlice: the address that goes into EndpointSlice {ns}/{slice} is not known, {PodAddressVariable} is not set. The operator sets it from the pod's status.");
        return new MasterSlice(api, leases, ns, slice, member, address, context.Time, context.Loggers.CreateLogger<MasterSlice>());
    }
}
