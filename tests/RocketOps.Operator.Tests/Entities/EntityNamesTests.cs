using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Entities;

public sealed class EntityNamesTests
{
    private readonly KubernetesTypes _types = new KubernetesTypes().Add(OperatorJsonContext.Default.BrokerCluster).Add(OperatorJsonContext.Default.Topic).Add(OperatorJsonContext.Default.ConsumerGroup);

    [Fact]
    public void NewObject_IsOfTheKindThatItsAttributeNames()
    {
        NamesOf(new BrokerCluster()).Should().Be(NamesOf(_types.Get<BrokerCluster>()));
        NamesOf(new Topic()).Should().Be(NamesOf(_types.Get<Topic>()));
        NamesOf(new ConsumerGroup()).Should().Be(NamesOf(_types.Get<ConsumerGroup>()));
    }

    private static (string ApiVersion, string Kind) NamesOf(IKubernetesObject made) => (made.ApiVersion, made.Kind);

    private static (string ApiVersion, string Kind) NamesOf(KubernetesType type) => (type.ApiVersion, type.Kind);
}
