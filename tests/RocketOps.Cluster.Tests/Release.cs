using RocketOps.Testing;

namespace RocketOps.Cluster.Tests;

/// <summary>The operator as <c>helm install</c> brings it from the chart as shipped, into namespaces that enforce the restricted profile. One at a time: its definitions stay, and belong to its name.</summary>
internal static class Release
{
    public const string Namespace = "rocketops-system";

    /// <summary>Names of the images that the cluster has; the chart has none of its own.</summary>
    public const string Images = "image.repository=rocketops/operator,brokerImage.repository=rocketops/broker,nameServerImage.repository=rocketops/nameserver";

    public static async Task InstallAsync()
    {
        using TempDirectory directory = new("release-");
        await File.WriteAllTextAsync(directory.File("namespace.yaml"), $$"""
            { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "{{Namespace}}" } }
            """);
        await KubeCluster.KubectlAsync("apply", "-f", directory.File("namespace.yaml"));
        await KubeCluster.KubectlAsync("label", "--overwrite", "namespace", Namespace, "default", "pod-security.kubernetes.io/enforce=restricted");
        await KubeCluster.HelmAsync(
            "install", "rocketops", "charts/rocketops", "--namespace", Namespace, "--wait", KubeCluster.Timeout,
            "--set", Images);
    }

    /// <summary>The chart again, with images of another version for itself and what it runs.</summary>
    public static Task UpgradeAsync(string version, string set = "upgradeClusters=false") => KubeCluster.HelmAsync(
        "upgrade", "rocketops", "charts/rocketops", "--namespace", Namespace, "--reuse-values", "--wait", KubeCluster.Timeout,
        "--set", $"image.tag={version},brokerImage.tag={version},nameServerImage.tag={version},{set}");

    public static Task UninstallAsync() => KubeCluster.HelmAsync("uninstall", "rocketops", "--namespace", Namespace, "--wait", KubeCluster.Timeout);
}
