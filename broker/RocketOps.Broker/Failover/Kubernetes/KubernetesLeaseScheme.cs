using Microsoft.Extensions.Logging;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Kubernetes.Client.Transport;

namespace RocketOps.Broker.Failover.Kubernetes;

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
        KubernetesClient client = PodClient.Open(Environment.GetEnvironmentVariable, context.KubernetesCredentials, context.Group.Lease.RequestTimeout, context.Time, context.Loggers);
        KubernetesLeaseStore leases = new(client, parts[0], parts[1], context.Time);
        return new OpenLeaseStore(new OwnedLeaseStore(leases, client), Announcement(client, leases, parts[0], context.Group.Member, context));
    }

    private static IMasterAnnouncement Announcement(KubernetesClient client, KubernetesLeaseStore leases, string ns, string member, LeaseStoreContext context)
    {
        if (context.MasterSlice is not { Length: > 0 } slice)
        {
            return new NoAnnouncement();
        }

        string address = Environment.GetEnvironmentVariable(PodAddressVariable) is { Length: > 0 } given
            ? given
            : throw new InvalidDataException($"masterSlice: the address that goes into EndpointSlice {ns}/{slice} is not known, {PodAddressVariable} is not set. The operator sets it from the pod's status.");
        return new MasterSlice(client, leases, ns, slice, member, address, context.Time, context.Loggers.CreateLogger<MasterSlice>());
    }
}
