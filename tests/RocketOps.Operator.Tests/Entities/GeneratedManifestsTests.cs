using RocketOps.Kubernetes.Crds;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Operator.Controllers;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Entities;

/// <summary>What is generated from the code and checked in for charts and people must be what the code says now.</summary>
public sealed class GeneratedManifestsTests
{
    // kubectl apply keeps the whole object in an annotation, which may hold 256 KiB; far below leaves room for years of fields.
    private const int MaxCrdBytes = 100 * 1024;

    [Theory]
    [InlineData(typeof(BrokerCluster), "brokerclusters.rocketops.io.yaml")]
    [InlineData(typeof(Topic), "topics.rocketops.io.yaml")]
    [InlineData(typeof(ConsumerGroup), "consumergroups.rocketops.io.yaml")]
    public void Crd_Entity_IsCheckedIn(Type entity, string file)
    {
        string yaml = CrdGenerator.GenerateYaml(entity);

        yaml.Length.Should().BeLessThan(MaxCrdBytes);
        Repository.ShouldMatch(Repository.Path("deploy", "crds", file), yaml);
    }

    [Fact]
    public void Rbac_Controllers_AreCheckedIn()
    {
        string yaml = RbacGenerator.GenerateYaml([typeof(BrokerClusterController), typeof(TopicController), typeof(TopicFinalizer), typeof(ConsumerGroupController), typeof(ConsumerGroupFinalizer)], FieldManager.Name);

        Repository.ShouldMatch(Repository.Path("deploy", "rbac", "operator-rules.yaml"), yaml);
    }

    [Fact]
    public void Rbac_Rules_HoldNothingAnOperatorMustNotHave()
    {
        IReadOnlyList<PolicyRule> rules = RbacGenerator.Generate([typeof(BrokerClusterController), typeof(TopicController), typeof(TopicFinalizer), typeof(ConsumerGroupController), typeof(ConsumerGroupFinalizer)], FieldManager.Name);

        string[] resources = rules.SelectMany(static rule => rule.Resources!).ToArray();
        resources.Should().NotContain(["secrets", "pods/exec", "*"]);
        rules.SelectMany(static rule => rule.Verbs!).Should().NotContain("*");
        rules.Where(static rule => rule.Resources!.Contains("persistentvolumeclaims")).SelectMany(static rule => rule.Verbs!)
            .Should().NotContain(["create", "update", "delete", "deletecollection"], "messages are in claims");
    }
}
