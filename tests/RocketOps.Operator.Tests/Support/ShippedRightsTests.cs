using RocketOps.Embedded;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Tests.Support;

/// <summary>That calls beyond the chart's roles are told: every world of these tests relies on it.</summary>
public sealed class ShippedRightsTests
{
    private static readonly ShippedRights Everywhere = new([], "rocketops-system");

    [Theory]
    [InlineData("list", "", "secrets", "", "")]
    [InlineData("create", "", "pods", "", "x")]
    [InlineData("create", "", "pods", "exec", "x")]
    [InlineData("update", "apps", "statefulsets", "", "x")]
    [InlineData("delete", "apps", "statefulsets", "status", "x")]
    [InlineData("delete", "coordination.k8s.io", "leases", "", "x")]
    [InlineData("patch", "rocketops.io", "brokerclusters", "", "x")]
    public void Refusal_BeyondTheRoles_Told(string verb, string group, string resource, string subresource, string name) =>
        Everywhere.Refusal(new ApiCall(verb, group, resource, subresource, "mq", name)).Should().StartWith($"{verb} {group}/{resource}");

    [Fact]
    public void Refusal_OtherNamespaceThanTheWatchedOne_Told()
    {
        ShippedRights one = new(["mq"], "mq");

        one.Refusal(new ApiCall("list", "", "pods", "", "mq", "")).Should().BeNull();
        one.Refusal(new ApiCall("list", "", "pods", "", "other", "")).Should().NotBeNull();
        one.Refusal(new ApiCall("list", "", "pods", "", "", "")).Should().EndWith("in all namespaces");
    }

    [Fact]
    public void Refusal_LeaseOfTheLeader_OnlyWhereItLives()
    {
        ShippedRights one = new(["mq"], "rocketops-system");

        one.Refusal(new ApiCall("update", "coordination.k8s.io", "leases", "", "rocketops-system", FieldManager.Name)).Should().BeNull();
        one.Refusal(new ApiCall("get", "", "pods", "", "rocketops-system", "x")).Should().NotBeNull();
    }

    [Fact]
    public void Excess_RightsTheOperatorLacks_Listed()
    {
        Role role = new()
        {
            Metadata = new ObjectMeta { Name = "r", Namespace = "mq" },
            Rules = [new PolicyRule { ApiGroups = ["coordination.k8s.io"], Resources = ["leases"], ResourceNames = ["a-0"], Verbs = ["get", "delete"] }],
        };

        Everywhere.Excess(role).Should().ContainSingle().Which.Should().StartWith("r: delete ");
    }
}
