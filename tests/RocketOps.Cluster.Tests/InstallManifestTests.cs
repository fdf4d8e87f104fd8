using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Yaml;
using RocketOps.Testing;

namespace RocketOps.Cluster.Tests;

/// <summary>What is installed without Helm is what the chart renders. Needs Helm and kubectl of the kit, which unpacks them when it starts a cluster on a new machine.</summary>
[Collection(KubeClusterCollection.Name)]
public sealed class InstallManifestTests
{
    private const string Renew = "ROCKETOPS_UPDATE=1 ROCKETOPS_RINGS=cluster dotnet test tests/RocketOps.Cluster.Tests --filter InstallManifestTests";

    private const string Head = $$"""
        # The operator without Helm: what the chart renders with its default values and images of no registry, and the namespace. Name yours: deploy/kustomize/registry. docs/kubernetes.md tells how to upgrade and remove it; do not delete by this file, that would delete every cluster.
        # Generated: {{Renew}}
        apiVersion: v1
        kind: Namespace
        metadata:
          name: {{Release.Namespace}}
          labels:
            pod-security.kubernetes.io/enforce: restricted

        """;

    /// <summary>There are no published images, and names of example.com are nobody's: what is applied as it is runs nothing of somebody else's.</summary>
    private static readonly string[] InstallValues =
    [
        "--set", "image.repository=registry.example.com/rocketops-operator,brokerImage.repository=registry.example.com/rocketops-broker,nameServerImage.repository=registry.example.com/rocketops-nameserver",
    ];

    // kustomize reads nothing above its own folder, so the same file lies there too.
    private static readonly string[] Files = ["deploy/install.yaml", "deploy/kustomize/base/install.yaml"];

    [SkippableFact]
    public async Task Install_IsWhatTheChartRenders()
    {
        KubeCluster.Require();
        string expected = Head + WithoutHelm(await RenderAsync());

        foreach (string file in Files.Select(InRepository))
        {
            if (Environment.GetEnvironmentVariable("ROCKETOPS_UPDATE") == "1")
            {
                await File.WriteAllTextAsync(file, expected);
            }

            (await File.ReadAllTextAsync(file)).Should().Be(expected, "{0} is renewed by {1}", file, Renew);
        }
    }

    [SkippableTheory]
    [InlineData("deploy/kustomize", "replicas=2")]
    [InlineData("deploy/kustomize/namespaced", "watchNamespace=shop")]
    [InlineData("deploy/kustomize/namespaces", "watchNamespaces={shop,billing}")]
    [InlineData("deploy/kustomize/registry", "image.repository=registry.internal/rocketops-operator,brokerImage.repository=registry.internal/rocketops-broker,nameServerImage.repository=registry.internal/rocketops-nameserver")]
    public async Task Kustomize_EveryObject_IsTheCharts(string folder, string values)
    {
        KubeCluster.Require();

        Dictionary<string, JsonObject> ofChart = Objects(await RenderAsync("--set", values));
        Dictionary<string, JsonObject> built = Objects(await KubeCluster.KubectlAsync("kustomize", folder));

        built.Remove($"Namespace /{Release.Namespace}").Should().BeTrue("the namespace comes along");
        built.Keys.Should().BeEquivalentTo(ofChart.Keys);
        foreach ((string name, JsonObject theirs) in ofChart)
        {
            JsonNode.DeepEquals(built[name], theirs).Should().BeTrue("{0} is the chart's, its rights included:\n{1}\n{2}", name, built[name], theirs);
        }
    }

    private static string InRepository(string file) => Path.Combine(SharedKits.RepositoryRoot, file);

    /// <summary>The chart on a Kubernetes that has admission policies, which Helm cannot know without one.</summary>
    private static Task<string> RenderAsync(params string[] more) => KubeCluster.HelmAsync(
        [
            "template", "rocketops", "charts/rocketops", "--namespace", Release.Namespace, "--no-hooks", "--kube-version", "1.34.4",
            "--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy", .. InstallValues, .. more,
        ]);

    /// <summary>Without the words by which Helm knows what it manages.</summary>
    private static string WithoutHelm(string rendered)
    {
        string text = rendered.Replace("  annotations:\n    helm.sh/resource-policy: keep\n", "", StringComparison.Ordinal);
        IEnumerable<string> lines = text.TrimEnd('\n').Split('\n').Where(static line =>
            !line.StartsWith("# Source: ", StringComparison.Ordinal)
            && !line.TrimStart().StartsWith("helm.sh/", StringComparison.Ordinal)
            && line.Trim() != "app.kubernetes.io/managed-by: Helm");
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The objects of a manifest by kind, namespace and name.</summary>
    private static Dictionary<string, JsonObject> Objects(string manifest) =>
        YamlReading.ParseAll(WithoutHelm(manifest)).OfType<JsonObject>().ToDictionary(
            static one => $"{one["kind"]} {one["metadata"]!["namespace"]}/{one["metadata"]!["name"]}", StringComparer.Ordinal);
}
