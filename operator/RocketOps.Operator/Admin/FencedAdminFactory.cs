using RocketOps.Client;
using RocketOps.Kubernetes.LeaderElection;

namespace RocketOps.Operator.Admin;

/// <summary>Opens administration clients that write while this process leads.</summary>
internal sealed class FencedAdminFactory(IRocketMqAdminFactory inner, WriteGuard guard) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => new FencedAdmin(inner.Create(nameServers), guard);
}
