using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Growing;

/// <summary>
/// A group's set, kept in a ConfigMap while it is made again with larger claims. As it was, to the last field: from what the operator would make today another revision might follow,
/// and pods of another revision restart. <c>kubectl rollout restart</c>, for one, leaves an annotation there that only the set itself has.
/// </summary>
internal static class SavedSet
{
    /// <summary>The manager that owns all fields of a set that was just made again, until they belong to those who had them before.</summary>
    public const string Maker = FieldManager.Name + "-growth";

    /// <summary>Annotation of a set that was just made again: its fields are still to be given back.</summary>
    public const string OwnersDue = "rocketops.io/owners-due";

    private const string Key = "set.json";

    private static readonly string[] OfTheServer = ["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink"];

    public static string NameOf(string group) => group + "-saved-set";

    public static bool IsOne(ConfigMap map) => map.Label(ClusterLabels.Group) is { } group && map.Name() == NameOf(group);

    /// <summary>The one of a group; null when its set is not being made again.</summary>
    public static ConfigMap? Find(IEntityCache<ConfigMap> maps, ClusterContext context, string group) =>
        Of(context, maps.Get(context.Names.Namespace, NameOf(group)));

    /// <summary>One that is this cluster's; null for another's and for one that goes.</summary>
    public static ConfigMap? Of(ClusterContext context, ConfigMap? map) => map is not null && !map.IsDeleting() && map.ControllerOwner()?.Uid == context.Cluster.Uid() ? map : null;

    /// <param name="context">The cluster.</param>
    /// <param name="group">The group.</param>
    /// <param name="live">The set as the API server has it, with all its fields.</param>
    /// <param name="made">The size that it gave claims until now.</param>
    /// <param name="size">Of the claims that the next one makes.</param>
    public static ConfigMap Build(ClusterContext context, string group, JsonObject live, Quantity made, Quantity size)
    {
        JsonObject set = live.DeepClone().AsObject();
        set.Remove("status");
        JsonObject metadata = set["metadata"]!.AsObject();
        foreach (string field in OfTheServer)
        {
            metadata.Remove(field);
        }

        JsonObject annotations = metadata["annotations"] as JsonObject ?? [];
        metadata["annotations"] = annotations.Parent is null ? annotations : annotations.DeepClone();
        metadata["annotations"]!.AsObject().TryAdd(ClaimTemplate.StoreSize, made.ToString());
        foreach (JsonNode? template in set["spec"]!["volumeClaimTemplates"]!.AsArray())
        {
            if ((string?)template!["metadata"]!["name"] == ClusterNames.DataVolume)
            {
                template["spec"]!["resources"]!["requests"]!["storage"] = size.ToString();
            }
        }

        return new ConfigMap
        {
            Metadata = ChildMetadata.For(context, NameOf(group), ClusterLabels.ForGroup(context.Names.Cluster, group)),
            Data = new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = set.ToJsonString() },
        };
    }

    /// <summary>The set to make.</summary>
    public static JsonNode Read(ConfigMap saved)
    {
        JsonNode set = JsonNode.Parse(saved.Data![Key])!;
        set["metadata"]!.AsObject().Remove("managedFields");
        set["metadata"]!["annotations"]!.AsObject()[OwnersDue] = "true";
        return set;
    }

    /// <summary>
    /// Returns the owners of the fields of a set made again: those who did before, beside those who have come since. Whoever makes an
    /// object owns all of it, and what the operator alone does not own it cannot take away again when nobody asks for it any more.
    /// </summary>
    /// <param name="saved">What the set was made from.</param>
    /// <param name="live">The set as the API server has it, with all its fields.</param>
    public static JsonArray Owners(ConfigMap saved, JsonObject live)
    {
        JsonArray owners = [];
        HashSet<(string?, string?)> known = [];
        foreach (JsonNode entry in Entries(JsonNode.Parse(saved.Data![Key])!).Where(static entry => entry["subresource"] is null))
        {
            known.Add(NameOf(entry));
            owners.Add(entry.DeepClone());
        }

        foreach (JsonNode entry in Entries(live).Where(entry => entry["subresource"] is not null || !known.Contains(NameOf(entry))))
        {
            owners.Add(entry.DeepClone());
        }

        return owners;

        static (string? Manager, string? Operation) NameOf(JsonNode entry) => ((string?)entry["manager"], (string?)entry["operation"]);
    }

    private static IEnumerable<JsonNode> Entries(JsonNode set) =>
        (set["metadata"]!["managedFields"] as JsonArray ?? []).OfType<JsonNode>().Where(static entry => (string?)entry["manager"] != Maker);
}
