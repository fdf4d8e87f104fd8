using RocketOps.Client;

namespace RocketOps.Operator.Admin;

/// <summary>Opens administration clients whose requests are measured.</summary>
internal sealed class MeasuredAdminFactory(IRocketMqAdminFactory inner, AdminMetrics metrics) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => new MeasuredAdmin(inner.Create(nameServers), metrics);
}
