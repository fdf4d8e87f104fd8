using RocketOps.Testing;

namespace RocketOps.Architecture.Tests;

/// <summary>
/// Helm reads only files inside the chart, so the chart holds copies of what is generated into <c>deploy/</c>. <c>ROCKETOPS_UPDATE=1</c> renews them.
/// </summary>
public sealed class ChartCopyTests
{
    private static string Deploy => Path.Combine(SharedKits.RepositoryRoot, "deploy");

    private static string ChartFiles => Path.Combine(SharedKits.RepositoryRoot, "charts", "rocketops", "files");

    [Fact]
    public void Crds_InTheChart_AreThoseOfDeploy()
    {
        AssertSame(Path.Combine(Deploy, "crds"), Path.Combine(ChartFiles, "crds"), "*.yaml");
    }

    [Fact]
    public void OperatorRules_InTheChart_AreThoseOfDeploy()
    {
        AssertSame(Path.Combine(Deploy, "rbac"), ChartFiles, "operator-rules.yaml");
    }

    private static void AssertSame(string source, string copy, string pattern)
    {
        string[] names = [.. Directory.GetFiles(source, pattern).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        names.Should().NotBeEmpty();
        if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
        {
            foreach (string name in names)
            {
                File.Copy(Path.Combine(source, name), Path.Combine(copy, name), overwrite: true);
            }
        }

        Directory.GetFiles(copy, pattern).Select(Path.GetFileName).Should().BeEquivalentTo(names);
        foreach (string name in names)
        {
            File.ReadAllText(Path.Combine(copy, name)).Should().Be(
                File.ReadAllText(Path.Combine(source, name)), "{0} of the chart is renewed by ROCKETOPS_UPDATE=1 dotnet test tests/RocketOps.Architecture.Tests", name);
        }
    }
}
