using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Tests.Clusters.Pods;

public sealed class TemplateChangesTests
{
    public static TheoryData<string, Action<PodTemplateSpec>> Changes => new()
    {
        { "image (broker:1 to broker:2)", static template => template.Spec!.Containers![0].Image = "broker:2" },
        { "configuration", static template => template.Spec!.Volumes![0].ConfigMap!.Name = "a-0-config-2" },
        { "resources", static template => template.Spec!.Containers![0].Resources!.Requests!["cpu"] = Quantity.Parse("2") },
        { "placement", static template => template.Spec!.NodeSelector = new() { ["disk"] = "fast" } },
        { "placement", static template => template.Spec!.Tolerations = [new Toleration { Key = "brokers", Operator = "Exists" }] },
        { "placement", static template => template.Spec!.Affinity = new Affinity { PodAntiAffinity = new PodAffinity() } },
        { "placement", static template => template.Spec!.TopologySpreadConstraints![0].MaxSkew = 2 },
        { "placement", static template => template.Spec!.PriorityClassName = "high" },
        { "labels", static template => template.Metadata!.Labels!["team"] = "shop" },
        { "annotations", static template => template.Metadata!.Annotations = new() { ["mesh"] = "off" } },
        { "restart-at", static template => template.Metadata!.Annotations = new() { ["rocketops.io/restarted-at"] = "2026-11-22T11:00:00Z" } },
        { "kubectl rollout restart", static template => template.Metadata!.Annotations = new() { ["kubectl.kubernetes.io/restartedAt"] = "2026-11-22T11:00:00Z" } },
        { TemplateChanges.Other, static template => template.Spec!.TerminationGracePeriodSeconds = 90 },
        { TemplateChanges.Other, static template => template.Spec!.Containers![0].Resources!.Requests!.Clear() },
        {
            "image (broker:1 to broker:2), configuration", static template =>
            {
                template.Spec!.Volumes![0].ConfigMap!.Name = "a-0-config-2";
                template.Spec.Containers![0].Image = "broker:2";
            }
        },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Describe_ChangedTemplate_NamesTheChange(string expected, Action<PodTemplateSpec> change)
    {
        PodTemplateSpec template = Template();
        change(template);

        TemplateChanges.Describe(Pod(), template).Should().Be(expected);
    }

    private static PodTemplateSpec Template() => new()
    {
        Metadata = new ObjectMeta { Labels = new() { ["app"] = "a" } },
        Spec = Spec(),
    };

    /// <summary>With what an API server adds.</summary>
    private static Pod Pod()
    {
        PodSpec spec = Spec();
        spec.NodeName = "node-1";
        spec.PriorityClassName = "default";
        spec.Tolerations = [new Toleration { Key = "node.kubernetes.io/not-ready", Operator = "Exists", Effect = "NoExecute", TolerationSeconds = 300 }];
        spec.Volumes!.Add(new Volume { Name = "data", PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = "data-a-0-0" } });
        spec.Containers![0].Resources!.Limits = new() { ["memory"] = Quantity.Parse("1Gi") };
        spec.Containers.Add(new Container { Name = "mesh", Image = "proxy:1" });
        return new Pod
        {
            Metadata = new ObjectMeta { Name = "a-0-0", Labels = new() { ["app"] = "a", ["controller-revision-hash"] = "x" }, Annotations = new() { ["cni"] = "10.0.0.1" } },
            Spec = spec,
        };
    }

    private static PodSpec Spec() => new()
    {
        Containers = [new Container { Name = "broker", Image = "broker:1", Resources = new ResourceRequirements { Requests = new() { ["cpu"] = Quantity.Parse("1"), ["memory"] = Quantity.Parse("1Gi") } } }],
        Volumes = [new Volume { Name = "config", ConfigMap = new ConfigMapVolumeSource { Name = "a-0-config-1" } }],
        TopologySpreadConstraints = [new TopologySpreadConstraint { MaxSkew = 1, TopologyKey = "kubernetes.io/hostname", WhenUnsatisfiable = "ScheduleAnyway" }],
    };
}
