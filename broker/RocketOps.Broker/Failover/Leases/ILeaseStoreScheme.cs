namespace RocketOps.Broker.Failover.Leases;

/// <summary>One kind of lease store: what <c>leaseStore=NAME:LOCATION</c> opens.</summary>
internal interface ILeaseStoreScheme
{
    /// <summary>Before the colon.</summary>
    string Name { get; }

    /// <summary>How the whole value looks, for people.</summary>
    string Form { get; }

    /// <summary>What is wrong with what comes after the colon; null when nothing is. Asks nothing but the text.</summary>
    string? FindFault(string location);

    /// <summary>Without asking anybody: what does not answer is told by the store's own calls.</summary>
    OpenLeaseStore Open(string location, LeaseStoreContext context);
}
