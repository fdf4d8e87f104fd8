using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cluster.Tests;

/// <summary>The chart as Helm and a real API server's schemas see it.</summary>
[Collection(KubeClusterCollection.Name)]
public sealed class ChartTests(KubeCluster cluster)
{
    private const string Chart = "charts/rocketops";

    // The version of Kubernetes that charts are rendered for; Helm alone would assume an old one.
    private const string KubeVersion = "1.34.4";

    [SkippableFact]
    public async Task Lint_Strict_Passes()
    {
        KubeCluster.Require();

        string said = await KubeCluster.HelmAsync("lint", Chart, "--strict", "--kube-version", KubeVersion);

        said.Should().Contain("0 chart(s) failed");
    }

    [SkippableTheory]
    [InlineData("replicas=two", "replicas")]
    [InlineData("imagee.tag=1", "imagee")]
    [InlineData("watchNamespace=Not_A_Name", "watchNamespace")]
    public async Task Template_WrongValue_RefusedByName(string setting, string name)
    {
        KubeCluster.Require();

        ProcessResult result = await KubeCluster.RunAsync("helm", "template", "r", Chart, "--kube-version", KubeVersion, "--set", setting);

        result.ExitCode.Should().NotBe(0);
        result.Error.Should().Contain(name);
    }

    [SkippableTheory]
    [InlineData("watchNamespace=")]
    [InlineData("watchNamespace=mq")]
    public async Task Template_EveryObject_FitsTheApiServersSchemas(string setting)
    {
        KubeCluster.Require();
        _ = cluster;
        using TempDirectory directory = new();
        string rendered = directory.File("chart.yaml");
        await File.WriteAllTextAsync(rendered, await KubeCluster.HelmAsync("template", "r", Chart, "--kube-version", KubeVersion, "--set", setting));
        (await KubeCluster.RunAsync("kit-schemas", "-out", directory.File("schemas"))).EnsureSuccess();

        ProcessResult result = await KubeCluster.RunAsync(
            "kubeconform", "-summary", "-strict", "-schema-location", directory.File("schemas") + "/{{.ResourceKind}}{{.KindSuffix}}.json", rendered);

        result.ExitCode.Should().Be(0, result.ToString());
        result.Output.Should().Contain("Invalid: 0, Errors: 0, Skipped: 0");
    }

    [SkippableFact]
    public async Task Template_OfOneNamespace_AsksForNoClusterWideRights()
    {
        KubeCluster.Require();

        string rendered = await KubeCluster.HelmAsync("template", "r", Chart, "--kube-version", KubeVersion, "--set", "watchNamespace=mq");

        rendered.Should().NotContain("kind: ClusterRole").And.Contain("kind: Role").And.Contain("--namespace=mq");
    }
}
