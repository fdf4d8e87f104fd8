using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Replication.Leases;

/// <summary>What a lease store may want to know of the broker that opens it.</summary>
/// <param name="Options">With its <see cref="BrokerOptions.Group"/>.</param>
/// <param name="Loggers">For what it has to tell.</param>
/// <param name="Time">The machine's clocks.</param>
internal sealed record LeaseStoreContext(BrokerOptions Options, ILoggerFactory Loggers, TimeProvider Time);
