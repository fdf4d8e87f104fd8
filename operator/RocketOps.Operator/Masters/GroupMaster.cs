namespace RocketOps.Operator.Masters;

/// <summary>The master of a broker group, where topics and consumer groups are written.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Address">Of its master, <c>host:port</c>; null while none is registered.</param>
internal sealed record GroupMaster(string Broker, string? Address);
