using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Cluster.Tests;

/// <summary>
/// The operator as the files in <c>deploy</c> bring it, applied as a newcomer does: <c>install.yaml</c> for every namespace, and the kustomization for one. Each has the rights it needs and makes a cluster work.
/// Deep: they are what the chart renders (<see cref="InstallManifestTests"/>), which the quick start installs.
/// </summary>
[Trait("ring", RingRules.Deep)]
[Collection(KubeClusterCollection.Name)]
public sealed class InstallWithoutHelmTests(KubeCluster cluster)
{
    private const string Sample = "deploy/samples/single.yaml";
    private const string Definitions = "customresourcedefinitions/brokerclusters.rocketops.io,customresourcedefinitions/topics.rocketops.io,customresourcedefinitions/consumergroups.rocketops.io";
    private const string Shop = "shop";

    [SkippableFact]
    public async Task InstallYamlAndKustomize_MakeAClusterWork()
    {
        KubeCluster.Require();
        _ = cluster;
        try
        {
            // Those that another installation has left belong to it.
            await ForgetDefinitionsAsync();
            await EverywhereAsync();
            await InOneNamespaceAsync();
            await ForgetDefinitionsAsync();
        }
        catch (Exception exception) when (exception is not SkipException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{await KubeCluster.DescribeAsync()}", exception);
        }
    }

    private static async Task EverywhereAsync()
    {
        await InstallAsync(await InstallYamlAsync());

        await KubeCluster.KubectlAsync("apply", "-f", Sample);
        await WorksAsync("default");

        // Again, as whoever installs a newer one does: with a cluster at work.
        await InstallAsync(await InstallYamlAsync());
        await KubeCluster.KubectlAsync("delete", "-f", Sample, KubeCluster.Timeout);
        await RemoveAsync(await InstallYamlAsync());
    }

    private static async Task InOneNamespaceAsync()
    {
        await KubeCluster.KubectlAsync("create", "namespace", Shop);
        await KubeCluster.KubectlAsync("label", "namespace", Shop, "pod-security.kubernetes.io/enforce=restricted");
        await InstallAsync(await NamespacedAsync());
        (await KubeCluster.KubectlAsync("get", "clusterrolebindings", "-l", "app.kubernetes.io/name=rocketops", "-o", "name")).Should().BeEmpty("its rights are those of a namespace");

        string sample = await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, Sample));
        string inShop = sample.Replace("namespace: default", $"namespace: {Shop}", StringComparison.Ordinal);
        await KubeCluster.ApplyAsync(inShop);
        await WorksAsync(Shop);

        await KubeCluster.KubectlAsync("delete", "topics,brokerclusters", "--all", "-n", Shop, KubeCluster.Timeout);
        await RemoveAsync(await NamespacedAsync());
        await KubeCluster.KubectlAsync("delete", "namespace", Shop, KubeCluster.Timeout);
    }

    private static async Task InstallAsync(string manifest)
    {
        await WithFileAsync(manifest, static file => KubeCluster.KubectlAsync("apply", "--server-side", "-f", file));
        await KubeCluster.KubectlAsync("rollout", "status", "deployment/rocketops-operator", "-n", Release.Namespace, KubeCluster.Timeout);
    }

    private static async Task WorksAsync(string ns)
    {
        await KubeCluster.KubectlAsync("wait", "brokercluster/single", "-n", ns, "--for=condition=Ready", KubeCluster.Timeout);
        await KubeCluster.KubectlAsync("wait", "topic/single-events", "-n", ns, "--for=condition=Ready", KubeCluster.Timeout);
        (await KubeCluster.KubectlAsync("logs", "-n", Release.Namespace, "-l", "app.kubernetes.io/component=operator", "--tail=-1")).Should().NotContain("forbidden", "what is installed has the rights that it needs");
    }

    /// <summary>With no cluster left, what deletes every cluster is no loss.</summary>
    private static Task RemoveAsync(string manifest) => WithFileAsync(manifest, static file => KubeCluster.KubectlAsync("delete", "--ignore-not-found", "--wait", KubeCluster.Timeout, "-f", file));

    private static async Task<string> InstallYamlAsync() => WithImages(await File.ReadAllTextAsync(Path.Combine(SharedKits.RepositoryRoot, "deploy/install.yaml")));

    private static async Task<string> NamespacedAsync() => WithImages(await KubeCluster.KubectlAsync("kustomize", "deploy/kustomize/namespaced"));

    /// <summary>As a newcomer names the images of a registry, those that the cluster has.</summary>
    private static string WithImages(string manifest) => manifest.Replace("registry.example.com/rocketops-", "rocketops/", StringComparison.Ordinal);

    private static async Task WithFileAsync(string manifest, Func<string, Task> use)
    {
        using TempDirectory directory = new("install-");
        string file = directory.File("install.yaml");
        await File.WriteAllTextAsync(file, manifest);
        await use(file);
    }

    private static async Task ForgetDefinitionsAsync() => await KubeCluster.KubectlAsync(["delete", "--ignore-not-found", "--wait", KubeCluster.Timeout, .. Definitions.Split(',')]);
}
