using RocketOps.Client;
using RocketOps.Kubernetes.LeaderElection;

namespace RocketOps.Operator.Admin;

/// <summary>Opens administration clients; the seam tests put fake brokers behind.</summary>
public interface IRocketMqAdminFactory
{
    /// <param name="nameServers">Addresses as <c>host:port</c>, divided by <c>;</c>. Every address a host resolves to counts.</param>
    IRocketMqAdmin Create(string nameServers);
}

/// <summary>Opens administration clients that write while this process leads.</summary>
internal sealed class FencedAdminFactory(IRocketMqAdminFactory inner, WriteGuard guard) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => new FencedAdmin(inner.Create(nameServers), guard);
}

/// <summary>Opens administration clients whose requests are measured.</summary>
internal sealed class MeasuredAdminFactory(IRocketMqAdminFactory inner, AdminMetrics metrics) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => new MeasuredAdmin(inner.Create(nameServers), metrics);
}
