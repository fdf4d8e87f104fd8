using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Yaml;
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

        ProcessResult result = await KubeCluster.RunAsync("helm", "template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", setting);

        result.ExitCode.Should().NotBe(0);
        result.Error.Should().Contain(name);
    }

    /// <summary>Nobody's images, nobody else's account, no two that work at once.</summary>
    [SkippableTheory]
    [InlineData("--set=image.repository=", "there are no published images")]
    [InlineData("--set=brokerImage.repository=", "there are no published images")]
    [InlineData("--set=serviceAccount.create=false", "serviceAccount.name is empty")]
    [InlineData("--set=extraArgs={--leader-election=false}", "all of them would work at once")]
    [InlineData("--set-string=extraEnv[0].name=ROCKETOPS_LEADER_ELECTION,extraEnv[0].value=false", "all of them would work at once")]
    public async Task Template_WhatWouldBeDangerous_RefusedWithWhatToDo(string setting, string words)
    {
        KubeCluster.Require();

        ProcessResult result = await KubeCluster.RunAsync("helm", "template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, setting);

        result.ExitCode.Should().NotBe(0);
        result.Error.Should().Contain(words);
    }

    [SkippableFact]
    public async Task Template_TwoReleasesOfOneName_HaveNothingOfTheWholeClusterInCommon()
    {
        KubeCluster.Require();
        string[] template = ["template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", "crds.enabled=false", "--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"];

        string[] one = OfTheWholeCluster(await KubeCluster.HelmAsync([.. template, "--namespace", "one"]));
        string[] two = OfTheWholeCluster(await KubeCluster.HelmAsync([.. template, "--namespace", "two"]));

        one.Should().HaveCountGreaterThan(5).And.NotIntersectWith(two);
    }

    [SkippableFact]
    public async Task Template_TestOnAPlatformThatChoosesUsers_RunsAsTheOperatorDoes()
    {
        KubeCluster.Require();

        string test = await KubeCluster.HelmAsync(
            "template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", "userIds=Platform,imagePullSecrets[0].name=pull", "-s", "templates/tests/ready.yaml");

        test.Should().NotContain("runAsUser").And.Contain("name: pull").And.Contain($"rocketops/operator:{KubeCluster.Version}");
    }

    [SkippableTheory]
    [InlineData("ServiceMonitor", "serviceMonitor")]
    [InlineData("PodMonitor", "podMonitor")]
    [InlineData("PrometheusRule", "alerts")]
    public async Task Template_WithThePrometheusOperator_HasWhatIsAskedForAndNothingWithoutIt(string kind, string value)
    {
        KubeCluster.Require();
        string[] template = ["template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", $"metrics.{value}.enabled=true,metrics.{value}.labels.release=kube"];

        string with = await KubeCluster.HelmAsync([.. template, "--api-versions", $"monitoring.coreos.com/v1/{kind}"]);
        string without = await KubeCluster.HelmAsync(template);

        with.Should().Contain($"kind: {kind}").And.Contain("release: kube");
        without.Should().NotContain("monitoring.coreos.com");
    }

    [SkippableTheory]
    [InlineData("watchNamespace=")]
    [InlineData("watchNamespace=mq")]
    [InlineData("watchNamespaces={mq,shop}")]
    [InlineData("networkPolicies[0].cluster=orders,networkPolicies[0].namespace=mq,networkPolicies[0].clients[0].namespaceSelector.matchLabels.team=shop,networkPolicies[0].metrics[0].podSelector.matchLabels.app=prometheus")]
    [InlineData("upgradeClusters=true,metrics.dashboard.enabled=true")]
    public async Task Template_EveryObject_FitsTheApiServersSchemas(string setting)
    {
        KubeCluster.Require();
        _ = cluster;
        using TempDirectory directory = new();
        string rendered = directory.File("chart.yaml");
        await File.WriteAllTextAsync(rendered, await KubeCluster.HelmAsync("template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", setting));
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

        string rendered = await KubeCluster.HelmAsync("template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", "watchNamespace=mq");

        rendered.Should().NotContain("kind: ClusterRole").And.Contain("kind: Role").And.Contain("--namespace=mq");
    }

    [SkippableFact]
    public async Task Template_OfSeveralNamespaces_ARoleInEach()
    {
        KubeCluster.Require();

        string rendered = await KubeCluster.HelmAsync("template", "r", Chart, "--kube-version", KubeVersion, "--set", Release.Images, "--set", "watchNamespaces={mq,shop}");

        rendered.Should().NotContain("kind: ClusterRole").And.Contain("--namespace=mq,shop");
        string[] documents = rendered.Split("\n---\n");
        documents.Where(static text => text.Contains("\nkind: Role\n", StringComparison.Ordinal) && text.Contains("statefulsets", StringComparison.Ordinal)).Should().HaveCount(2);
        documents.Where(static text => text.Contains("\nkind: Role\n", StringComparison.Ordinal) && text.Contains("-leader", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().Contain("namespace: mq");
    }

    /// <summary>Kind and name of what has no namespace.</summary>
    private static string[] OfTheWholeCluster(string rendered) =>
    [
        .. YamlReading.ParseAll(rendered).OfType<JsonObject>().Where(static one => one["metadata"]!["namespace"] is null).Select(static one => $"{one["kind"]} {one["metadata"]!["name"]}"),
    ];
}
