using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Rbac;

public sealed class RbacGeneratorTests
{
    [Fact]
    public void GenerateYaml_OfTwoControllers_IsTheGoldenFile() =>
        Golden.Check("Rbac/rules.yaml", RbacGenerator.GenerateYaml([typeof(First), typeof(Second)], leaseName: "op"));

    [Fact]
    public void Generate_OrderOfTypes_DoesNotMatter() =>
        RbacGenerator.GenerateYaml([typeof(First), typeof(Second)]).Should().Be(RbacGenerator.GenerateYaml([typeof(Second), typeof(First)]));

    [Fact]
    public void Generate_NoVerbs_IsRefused()
    {
        Func<IReadOnlyList<PolicyRule>> generate = () => RbacGenerator.Generate([typeof(Nothing)]);

        generate.Should().Throw<InvalidOperationException>();
    }

    [EntityRbac(typeof(Widget), Verbs = RbacVerbs.Read | RbacVerbs.Patch)]
    [EntityRbac(typeof(Widget), Subresource = "status", Verbs = RbacVerbs.Patch)]
    [EntityRbac(typeof(StatefulSet), typeof(Deployment), Verbs = RbacVerbs.Read | RbacVerbs.Apply | RbacVerbs.Delete)]
    private sealed class First;

    [EntityRbac(typeof(Widget), Verbs = RbacVerbs.Read)]
    [EntityRbac(typeof(Secret), Verbs = RbacVerbs.Get, ResourceNames = ["b", "a"])]
    [GenericRbac(Groups = ["monitoring.coreos.com"], Resources = ["podmonitors"], Verbs = RbacVerbs.Apply)]
    private sealed class Second;

    [EntityRbac(typeof(Widget))]
    private sealed class Nothing;
}
