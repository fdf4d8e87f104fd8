namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>Tests with the kubectl of the kit, which takes seconds to unpack.</summary>
[CollectionDefinition(Name)]
public sealed class KitKubectlCollection : ICollectionFixture<KitKubectl>
{
    public const string Name = "kubectl of the kit";
}
