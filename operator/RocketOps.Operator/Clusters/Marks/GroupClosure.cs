using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Marks;

/// <summary>
/// The ConfigMap that keeps producers out of a new group: its members take <see cref="BrokerPermission.Key"/> from it whenever they start, so none of them ever takes messages too early, whoever leads. It is there before the
/// group's set, loses the key when the group is opened, and goes when no kubelet can have an older copy of it. It is the state of the operation: whoever comes back knows how far it was.
/// </summary>
internal static class GroupClosure
{
    /// <summary>The variable of the environment, which goes before a broker's files.</summary>
    public const string Variable = "ROCKETOPS_" + BrokerPermission.Key;

    private const string OpenedAtAnnotation = "rocketops.io/opened-at";

    public static string NameOf(string group) => group + "-closed";

    public static bool IsOne(ConfigMap map) => map.Label(ClusterLabels.Group) is { } group && map.Name() == NameOf(group);

    /// <summary>Returns true when its group is not opened yet.</summary>
    public static bool IsClosed(ConfigMap closure) => closure.Data?.ContainsKey(BrokerPermission.Key) == true;

    /// <summary>Returns the time at which its group was opened; null while it is not, or when somebody took that away.</summary>
    public static DateTimeOffset? OpenedAt(ConfigMap closure) =>
        DateTimeOffset.TryParse(closure.Annotation(OpenedAtAnnotation), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    /// <summary>Opens the group: a member that starts from here on takes messages.</summary>
    /// <exception cref="KubernetesException">A conflict when it has changed since it was seen.</exception>
    public static Task OpenAsync(IKubernetesClient client, ConfigMap closure, DateTimeOffset now, CancellationToken cancellationToken)
    {
        JsonObject patch = new()
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = closure.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [OpenedAtAnnotation] = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) },
            },
            ["data"] = new JsonObject { [BrokerPermission.Key] = null },
        };
        return client.PatchAsync<ConfigMap>(closure.Name(), closure.Namespace(), KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
    }

    /// <summary>
    /// Returns the environment variable of a container with its permission while its group is new. Without the map, or the key, there is no
    /// such variable.
    /// </summary>
    public static EnvVar From(string group) => new()
    {
        Name = Variable,
        ValueFrom = new EnvVarSource { ConfigMapKeyRef = new ConfigMapKeySelector { Name = NameOf(group), Key = BrokerPermission.Key, Optional = true } },
    };

    /// <summary>Sets that were made before there was this variable have none: their pods would restart for it, and are not new.</summary>
    public static bool IsIn(StatefulSet set) => set.Spec?.Template?.Spec?.Containers?.Exists(static container => container.Env?.Exists(static variable => variable.Name == Variable) == true) == true;
}
