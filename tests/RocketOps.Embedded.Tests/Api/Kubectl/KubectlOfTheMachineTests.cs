using RocketOps.Testing.Rings;

namespace RocketOps.Embedded.Tests.Api.Kubectl;

/// <summary>The kubectl that the machine has; the developers' is 1.32.</summary>
// Deep: KubectlOfTheKitTests proves the same with the version of the API that is imitated. Another version differs when kubectl does, not from day to day.
[Trait("ring", RingRules.Deep)]
public sealed class KubectlOfTheMachineTests() : KubectlTests(Found, Found is null ? "kubectl is not on the PATH" : null)
{
    private static string? Found { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(static folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists);
}
