using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// One broker group. The operator restarts pods itself (OnDelete), in an order that knows masters from slaves, and a member
/// that cannot start never holds up the others (Parallel). With fixed roles ordinal 0 is the master with brokerId 0, ordinal n the slave with brokerId n.
/// </summary>
internal static class BrokerStatefulSet
{
    private const string StoreDirectory = PodParts.DataDirectory + "/store";

    /// <summary>The set with the template that was chosen for it (<see cref="RevisionPlan"/>).</summary>
    /// <param name="context">The cluster.</param>
    /// <param name="group">The group.</param>
    /// <param name="configuration">Name of the ConfigMap the pods start with: another one restarts them, one at a time.</param>
    public static StatefulSet Build(ClusterContext context, string group, string configuration) => Build(context, group, configuration, context.Revisions.ChoiceOf(group));

    /// <summary>The set with the template it has, for whoever changes something else about it.</summary>
    /// <param name="context">The cluster.</param>
    /// <param name="group">The group.</param>
    /// <param name="configuration">Name of the ConfigMap that pods of a set start with that is older than the note of its template.</param>
    public static StatefulSet Keep(ClusterContext context, string group, string configuration) => Build(context, group, configuration, RevisionChoice.Keep);

    /// <summary>The template that is asked for.</summary>
    public static PodTemplateSpec Template(ClusterContext context, string group, string configuration)
    {
        PodTemplateSpec full = Template(context, group, configuration, spreads: true, looksForClosure: true);
        if (context.SpreadsFirstMembers(group) && context.LooksForClosure(group))
        {
            return full;
        }

        // Pods do not restart for what an operator has come to add by itself; it comes with the next change.
        PodTemplateSpec older = Template(context, group, configuration, context.SpreadsFirstMembers(group), context.LooksForClosure(group));
        return context.RevisionOf(group).Current is not { } current || current == TemplateText.Write(older) ? older : full;
    }

    private static StatefulSet Build(ClusterContext context, string group, string configuration, RevisionChoice choice)
    {
        string cluster = context.Names.Cluster;
        BrokersSpec brokers = context.Spec.Brokers;
        Dictionary<string, string> selector = ClusterLabels.GroupSelector(cluster, group);
        PodTemplateSpec wanted = Template(context, group, configuration);
        GroupRevision revision = context.RevisionOf(group).Next(choice, context.Revisions.WantedOf(group) ?? TemplateText.Write(wanted), context.Revisions.IsBroken(group));
        return new StatefulSet
        {
            Metadata = Noting(context, group, revision, ChildMetadata.For(context, group, ClusterLabels.ForGroup(cluster, group))),
            Spec = new StatefulSetSpec
            {
                Replicas = context.MembersOf(group),
                ServiceName = ClusterNames.GroupHeadless(group),
                Selector = new LabelSelector { MatchLabels = selector },
                PodManagementPolicy = "Parallel",
                UpdateStrategy = new StatefulSetUpdateStrategy { Type = "OnDelete" },
                PersistentVolumeClaimRetentionPolicy = new StatefulSetPersistentVolumeClaimRetentionPolicy
                {
                    // With a group that goes, and not with the cluster, no claim goes.
                    WhenDeleted = context.IsMarked(group) ? nameof(StorageDeletionPolicy.Retain) : brokers.Storage.DeletionPolicy.ToString(),
                    // A member that goes may come back, and its claim is the only copy of what it had.
                    WhenScaled = nameof(StorageDeletionPolicy.Retain),
                },
                VolumeClaimTemplates = [Claim(brokers.Storage, context.ClaimSizeOf(group))],
                Template = revision.Current is { } given ? TemplateText.Read(given) : wanted,
            },
        };
    }

    private static PodTemplateSpec Template(ClusterContext context, string group, string configuration, bool spreads, bool looksForClosure)
    {
        string cluster = context.Names.Cluster;
        BrokersSpec brokers = context.Spec.Brokers;
        return RestartMark.Note(
            PodPlacement.Place(
                new PodTemplateSpec
                {
                    Metadata = new ObjectMeta
                    {
                        Labels = ClusterLabels.ForGroup(cluster, group),
                    },
                    Spec = new PodSpec
                    {
                        ServiceAccountName = context.IsAutomatic ? ClusterNames.GroupAccount(group) : context.Names.ServiceAccount,
                        AutomountServiceAccountToken = false,
                        EnableServiceLinks = false,
                        TerminationGracePeriodSeconds = brokers.TerminationGracePeriodSeconds,
                        ImagePullSecrets = PodParts.PullSecrets(context.Spec),
                        Containers = [Container(context, group, looksForClosure)],
                        Volumes = [PodParts.ConfigFrom(configuration), PodParts.LiveConfigFrom(context.Names.LiveConfig), .. context.IsAutomatic ? [PodParts.Credentials()] : Array.Empty<Volume>(), PodParts.Tmp()],
                    },
                },
                brokers.Pod,
                ClusterLabels.GroupSelector(cluster, group),
                spreads ? PodPlacement.ApartFromFirstMembers(cluster) : null),
            context.RestartMarkOf(group));
    }

    private static ObjectMeta Noting(ClusterContext context, string group, GroupRevision revision, ObjectMeta metadata)
    {
        Dictionary<string, string> notes = new(StringComparer.Ordinal) { [WantedMembers.Annotation] = context.MembersOf(group).ToString(CultureInfo.InvariantCulture) };
        if (context.IsMarked(group))
        {
            notes[GroupMark.Annotation] = "true";
        }

        if (context.JoiningFrom(group) is { } ordinal)
        {
            notes[JoiningMark.Annotation] = ordinal.ToString(CultureInfo.InvariantCulture);
        }

        revision.NoteIn(notes);
        metadata.Annotations = notes;
        return metadata;
    }

    /// <summary>A Service's address is in the file: it is the member's, not the pod's.</summary>
    private static EnvVar[] OwnAddress(ClusterContext context) => context.UsesServiceAddresses ? [] : [new EnvVar { Name = "ROCKETOPS_brokerIP1", Value = "$(POD_IP)" }];

    private static PersistentVolumeClaim Claim(StorageSpec storage, Quantity size) => new()
    {
        Metadata = new ObjectMeta { Name = ClusterNames.DataVolume },
        Spec = new PersistentVolumeClaimSpec
        {
            AccessModes = ["ReadWriteOnce"],
            StorageClassName = storage.StorageClassName,
            Resources = new ResourceRequirements
            {
                Requests = new Dictionary<string, Quantity>(StringComparer.Ordinal) { ["storage"] = size },
            },
        },
    };

    private static Container Container(ClusterContext context, string group, bool looksForClosure) => new()
    {
        Name = PodParts.BrokerContainer,
        Image = context.BrokerImageOf(group),
        ImagePullPolicy = context.Spec.ImagePullPolicy.ToString(),
        Args = ["-c", PodParts.ConfigDirectory + "/$(POD_NAME).conf", "-c", PodParts.LiveConfigDirectory + "/" + LiveValues.FileName],
        Env =
        [
            PodParts.FromField("POD_NAME", "metadata.name"),
            PodParts.FromField("POD_IP", "status.podIP"),
            // The environment goes before the file: what differs between pods of one template, and what names a volume, is here.
            .. OwnAddress(context),
            .. looksForClosure ? [GroupClosure.From(group)] : Array.Empty<EnvVar>(),
            new EnvVar { Name = "ROCKETOPS_storePathRootDir", Value = StoreDirectory },
        ],
        Ports =
        [
            PodParts.Port("remoting", Ports.Broker),
            PodParts.Port("fast", Ports.BrokerFast),
            PodParts.Port("ha", Ports.BrokerHa),
            PodParts.HttpPort(),
        ],
        Resources = PodParts.Resources(context.Spec.Brokers.Resources, "100m", "256Mi"),
        SecurityContext = PodParts.ContainerSecurity(),
        TerminationMessagePolicy = PodParts.TerminationMessagePolicy,
        // Recovery after a crash reads what was not flushed: an hour is more than any store needs, and a probe that gives up earlier would start it over and over.
        StartupProbe = PodParts.HttpProbe("/startupz", periodSeconds: 1, failureThreshold: 3600),
        ReadinessProbe = PodParts.HttpProbe("/readyz", periodSeconds: 5, failureThreshold: 2),
        LivenessProbe = PodParts.HttpProbe("/livez", periodSeconds: 10, failureThreshold: 6),
        VolumeMounts =
        [
            PodParts.ConfigMount(),
            PodParts.LiveConfigMount(),
            .. context.IsAutomatic ? [PodParts.CredentialsMount()] : Array.Empty<VolumeMount>(),
            new VolumeMount { Name = ClusterNames.DataVolume, MountPath = PodParts.DataDirectory },
            PodParts.TmpMount(),
        ],
    };
}
