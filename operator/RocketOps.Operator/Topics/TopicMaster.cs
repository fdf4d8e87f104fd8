namespace RocketOps.Operator.Topics;

/// <summary>The master of a broker group, where a topic is written.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Address">Of its master, <c>host:port</c>; null while none is registered.</param>
internal sealed record TopicMaster(string Broker, string? Address);
