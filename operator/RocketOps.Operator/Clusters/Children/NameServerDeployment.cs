using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>The name servers. They keep nothing: any pod is as good as any other.</summary>
internal static class NameServerDeployment
{
    /// <summary>
    /// A name server is ready when it knows what the others know. Clients of the one that goes look for another by their own pace: a rollout gives them and the
    /// slowest broker, which registers at least every 30 s, that time before it takes the next old one away.
    /// </summary>
    public const int RegistrationPeriodAndMarginSeconds = 35;

    private const string DataVolume = "data";

    private const int GracePeriodSeconds = 30;

    /// <param name="context">The cluster.</param>
    /// <param name="configuration">Name of the ConfigMap the pods start with: another one replaces them.</param>
    public static Deployment Build(ClusterContext context, string configuration)
    {
        ClusterNames names = context.Names;
        Dictionary<string, string> selector = ClusterLabels.NameServerSelector(names.Cluster);
        return new Deployment
        {
            Metadata = ChildMetadata.For(context, names.NameServer, ClusterLabels.ForNameServer(names.Cluster)),
            Spec = new DeploymentSpec
            {
                Replicas = context.Spec.NameServer.Replicas,
                Selector = new LabelSelector { MatchLabels = selector },
                MinReadySeconds = RegistrationPeriodAndMarginSeconds,
                Strategy = new DeploymentStrategy
                {
                    Type = "RollingUpdate",
                    RollingUpdate = new RollingUpdateDeployment { MaxUnavailable = 0, MaxSurge = 1 },
                },
                Template = PodPlacement.Place(
                    new PodTemplateSpec
                    {
                        Metadata = new ObjectMeta
                        {
                            Labels = ClusterLabels.ForNameServer(names.Cluster),
                        },
                        Spec = new PodSpec
                        {
                            AutomountServiceAccountToken = false,
                            EnableServiceLinks = false,
                            TerminationGracePeriodSeconds = GracePeriodSeconds,
                            ImagePullSecrets = PodParts.PullSecrets(context.Spec),
                            Containers = [Container(context)],
                            Volumes =
                            [
                                PodParts.ConfigFrom(configuration),
                                new Volume { Name = DataVolume, EmptyDir = new EmptyDirVolumeSource() },
                                PodParts.Tmp(),
                            ],
                        },
                    },
                    context.Spec.NameServer.Pod,
                    selector,
                    otherwise: null),
            },
        };
    }

    private static Container Container(ClusterContext context) => new()
    {
        Name = PodParts.NameServerContainer,
        Image = context.NameServerImage,
        ImagePullPolicy = context.Spec.ImagePullPolicy.ToString(),
        Args = ["-c", PodParts.ConfigDirectory + "/" + NameServerConfigFile.FileName],
        Env =
        [
            // Key-value settings written by tools live as long as the pod, as with any name server that is moved.
            new EnvVar { Name = "ROCKETOPS_kvConfigPath", Value = PodParts.DataDirectory + "/kvConfig.json" },
        ],
        Ports = [PodParts.Port("remoting", Ports.NameServer), PodParts.HttpPort()],
        Resources = PodParts.Resources(context.Spec.NameServer.Resources, "50m", "64Mi"),
        SecurityContext = PodParts.ContainerSecurity(),
        TerminationMessagePolicy = PodParts.TerminationMessagePolicy,
        StartupProbe = PodParts.HttpProbe("/startupz", periodSeconds: 1, failureThreshold: 60),
        // Every second: a server that comes is ready when it knows what the others know, and brokers tell it within seconds.
        ReadinessProbe = PodParts.HttpProbe("/readyz", periodSeconds: 1, failureThreshold: 10),
        LivenessProbe = PodParts.HttpProbe("/livez", periodSeconds: 10, failureThreshold: 6),
        VolumeMounts =
        [
            PodParts.ConfigMount(),
            new VolumeMount { Name = DataVolume, MountPath = PodParts.DataDirectory },
            PodParts.TmpMount(),
        ],
    };
}
