using RocketOps.Client;

namespace RocketOps.Operator.Admin;

/// <summary>Opens administration clients; the seam tests put fake brokers behind.</summary>
public interface IRocketMqAdminFactory
{
    /// <param name="nameServers">Addresses as <c>host:port</c>, divided by <c>;</c>. Every address a host resolves to counts.</param>
    IRocketMqAdmin Create(string nameServers);
}
