using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Broker.Failover.Leases;

namespace RocketOps.Broker.Configuration;

/// <summary>Opens what <c>leaseStore</c> names. A new kind of store is a line in the table.</summary>
internal static class LeaseStores
{
    private static readonly ILeaseStoreScheme[] Schemes = [new FileLeaseScheme(), new KubernetesLeaseScheme()];

    /// <summary>Finds what is wrong with a value of <c>leaseStore</c>; null when nothing is.</summary>
    public static string? FindFault(string address)
    {
        (ILeaseStoreScheme? scheme, string location) = Find(address);
        return scheme is null ? $"'{address}' names no lease store; possible: {string.Join(", ", Schemes.Select(static known => known.Form))}" : scheme.FindFault(location);
    }

    /// <summary>Throws <see cref="InvalidDataException"/> for what <see cref="FindFault"/> objects to.</summary>
    public static OpenLeaseStore Open(string address, LeaseStoreContext context)
    {
        if (FindFault(address) is { } fault)
        {
            throw new InvalidDataException($"leaseStore: {fault}");
        }

        (ILeaseStoreScheme? scheme, string location) = Find(address);
        return scheme!.Open(location, context);
    }

    private static (ILeaseStoreScheme? Scheme, string Location) Find(string address)
    {
        int colon = address.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? string.Empty : address[..colon];
        return (Array.Find(Schemes, scheme => scheme.Name == name), address[(colon + 1)..]);
    }
}
