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
