using RocketOps.Client;
using RocketOps.Operator.Admin;

namespace RocketOps.Operator.Tests.Support;

/// <summary>One world of brokers, whatever address is asked for.</summary>
internal sealed class FakeAdminFactory(IRocketMqAdmin admin) : IRocketMqAdminFactory
{
    public IRocketMqAdmin Create(string nameServers) => admin;
}
