using System.Reflection;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>What a team may do in its own namespace follows Kubernetes' own roles.</summary>
public sealed class AggregateRolesTests
{
    private static readonly string[] Documents = File.ReadAllText(Repository.Path("charts", "rocketops", "templates", "aggregate-roles.yaml")).Split("\n---\n");

    [Theory]
    [InlineData("view", "[get, list, watch]")]
    [InlineData("edit", "[create, update, patch, delete, deletecollection]")]
    [InlineData("admin", "[create, update, patch, delete, deletecollection]")]
    public void Chart_AggregateRoles_GiveEveryKind(string role, string verbs)
    {
        string document = Documents.Should().ContainSingle(text => text.Contains($"rbac.authorization.k8s.io/aggregate-to-{role}: \"true\"", StringComparison.Ordinal)).Which;

        string[] kinds = [.. typeof(BrokerCluster).Assembly.GetTypes().Select(static type => type.GetCustomAttribute<KubernetesEntityAttribute>()).OfType<KubernetesEntityAttribute>().Where(static entity => entity.Group == EntityGroup.Name).Select(static entity => entity.PluralName!)];
        kinds.Should().NotBeEmpty().And.AllSatisfy(kind => document.Should().Contain(kind));
        document.Should().Contain($"verbs: {verbs}");
    }
}
