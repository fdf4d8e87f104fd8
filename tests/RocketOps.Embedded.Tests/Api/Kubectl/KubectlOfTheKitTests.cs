namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>kubectl 1.34, of the same version as the API that the embedded one imitates.</summary>
[Collection(KitKubectlCollection.Name)]
public sealed class KubectlOfTheKitTests(KitKubectl kit) : KubectlTests(kit.Program, kit.WhyMissing);
