using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Crashes;

/// <summary>
/// All that a world holds, as text, without what may differ between two that are alike: identities, versions, times, addresses, and the namespace. Two worlds that ended alike have the same text.
/// </summary>
internal static partial class EndState
{
    private static readonly string[] Kinds =
    [
        "apis/rocketops.io/v1beta1/brokerclusters", "apis/rocketops.io/v1beta1/topics", "apis/apps/v1/statefulsets", "apis/apps/v1/deployments", "api/v1/services", "api/v1/configmaps",
        "api/v1/serviceaccounts", "api/v1/pods", "api/v1/persistentvolumeclaims", "apis/policy/v1/poddisruptionbudgets", "apis/rbac.authorization.k8s.io/v1/roles",
        "apis/rbac.authorization.k8s.io/v1/rolebindings", "apis/discovery.k8s.io/v1/endpointslices", "apis/coordination.k8s.io/v1/leases",
    ];

    private static readonly string[] OfTheServer = ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "managedFields", "namespace"];

    public static async Task<string> OfAsync(CrashWorld world)
    {
        List<JsonNode> objects = [];
        foreach (string kind in Kinds)
        {
            string path = kind[..kind.LastIndexOf('/')] + $"/namespaces/{world.Ns}" + kind[kind.LastIndexOf('/')..];
            JsonNode list = (await world.Client.SendAsync(HttpMethod.Get, path))!;
            objects.AddRange(list["items"]!.AsArray().Select(item =>
            {
                JsonNode copy = item!.DeepClone();
                copy["kind"] = ((string)list["kind"]!)[..^"List".Length];
                return copy;
            }));
        }

        objects.RemoveAll(IsForeign);
        objects.RemoveAll(item => IsLeftBehind(item, objects));
        Dictionary<string, string> names = Names(objects);

        // Pods first: they are compared with what their sets say.
        foreach (JsonNode item in objects.OrderBy(static item => (string?)item["kind"] == "Pod" ? 0 : 1))
        {
            Normalize(item.AsObject(), objects);
        }

        string text = string.Join("---\n", objects.OrderBy(static item => (string)item["kind"]!, StringComparer.Ordinal).ThenBy(static item => (string)item["metadata"]!["name"]!, StringComparer.Ordinal).Select(Yaml.Write));
        text += Topics(world, objects, names);
        foreach ((string name, string plain) in names.OrderByDescending(static pair => pair.Key.Length))
        {
            text = text.Replace(name, plain, StringComparison.Ordinal);
        }

        return text.Replace(world.Ns, "NS", StringComparison.Ordinal);
    }

    /// <summary>Where two states differ, with some lines around.</summary>
    public static string Difference(string expected, string found)
    {
        string[] left = expected.Split('\n');
        string[] right = found.Split('\n');
        int at = 0;
        while (at < left.Length && at < right.Length && left[at] == right[at])
        {
            at++;
        }

        int document = Array.FindLastIndex(left, Math.Min(at, left.Length - 1), static line => line.StartsWith("---", StringComparison.Ordinal));
        string Around(string[] lines) => string.Join('\n', lines.Skip(Math.Max(0, at - 12)).Take(24));
        string Only(string[] mine, string[] other) => string.Join('\n', mine.Except(other).Take(20));
        return $"line {at} (document from {document}), expected:\n{Around(left)}\nfound:\n{Around(right)}\nlines only expected:\n{Only(left, right)}\nlines only found:\n{Only(right, left)}\n";
    }

    /// <summary>Made by the server for every namespace.</summary>
    private static bool IsForeign(JsonNode item) => (string?)item["metadata"]!["name"] is "default" or "kube-root-ca.crt";

    /// <summary>Claims of members that have left stay, and so do Leases of groups: not so in a world that never had them.</summary>
    private static bool IsLeftBehind(JsonNode item, List<JsonNode> all)
    {
        string name = (string)item["metadata"]!["name"]!;
        return (string?)item["kind"] switch
        {
            "PersistentVolumeClaim" => !all.Exists(pod => (string?)pod["kind"] == "Pod" && $"data-{(string?)pod["metadata"]!["name"]}" == name),
            "Lease" => !all.Exists(set => (string?)set["kind"] == "StatefulSet" && (string?)set["metadata"]!["name"] == name),
            _ => false,
        };
    }

    /// <summary>Addresses by whom they belong to, and configurations by what is in them.</summary>
    private static Dictionary<string, string> Names(List<JsonNode> objects)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (JsonNode item in objects)
        {
            string name = (string)item["metadata"]!["name"]!;
            if ((string?)item["spec"]?["clusterIP"] is { Length: > 0 } address && address != "None")
            {
                names[address] = $"address-of-{name}";
            }

            if ((string?)item["status"]?["podIP"] is { Length: > 0 } podIP)
            {
                names[podIP] = $"address-of-{name}";
            }

            if (Configuration().Match(name) is { Success: true } match)
            {
                names[name] = match.Groups["of"].Value + "-config";
            }
        }

        return names;
    }

    private static void Normalize(JsonObject item, List<JsonNode> all)
    {
        JsonObject metadata = item["metadata"]!.AsObject();
        long? generation = (long?)metadata["generation"];
        foreach (string field in OfTheServer)
        {
            metadata.Remove(field);
        }

        foreach (JsonNode? owner in metadata["ownerReferences"]?.AsArray() ?? [])
        {
            owner!.AsObject().Remove("uid");
        }

        // What is applied has the namespace in it.
        (metadata["annotations"] as JsonObject)?.Remove("rocketops.io/applied-hash");
        if (metadata["annotations"]?["rocketops.io/failed"] is not null)
        {
            metadata["annotations"]!["rocketops.io/failed"] = "some";
        }

        switch ((string)item["kind"]!)
        {
            case "Pod":
                string set = (string?)metadata["ownerReferences"]?[0]?["name"] ?? "";
                JsonObject labels = metadata["labels"]!.AsObject();
                if ((string?)labels["controller-revision-hash"] is { } revision)
                {
                    JsonNode? owner = all.Find(other => (string?)other["kind"] == "StatefulSet" && (string?)other["metadata"]!["name"] == set);
                    labels["controller-revision-hash"] = (string?)owner?["status"]?["updateRevision"] == revision ? "current" : "old";
                }

                break;
            case "Service":
                item["spec"]!.AsObject().Remove("clusterIP");
                item["spec"]!.AsObject().Remove("clusterIPs");
                break;
            case "Lease":
                // Renewed, and handed over, as often as it takes.
                item["spec"] = new JsonObject { ["held"] = item["spec"]?["holderIdentity"] is not null };
                (metadata["annotations"] as JsonObject)?.Remove("rocketops.io/in-sync");
                break;
            default:
                break;
        }

        Walk(item["status"], generation);
        if ((string?)item["kind"] == "BrokerCluster" && (string?)item["spec"]?["replication"]?["failover"] == "Automatic")
        {
            ForgetWhoLeads(item);
        }

        if ((string?)item["kind"] == "Pod" && all.Exists(static cluster => (string?)cluster["kind"] == "BrokerCluster" && (string?)cluster["spec"]?["replication"]?["failover"] == "Automatic"))
        {
            metadata["labels"]!.AsObject().Remove("rocketops.io/role");
        }
    }

    /// <summary>How often a group handed over before it was as asked for says nothing.</summary>
    private static void ForgetWhoLeads(JsonNode cluster)
    {
        foreach (JsonNode? group in cluster["status"]?["groups"]?.AsArray() ?? [])
        {
            group!.AsObject().Remove("epoch");
            group.AsObject().Remove("master");
            foreach (JsonNode? member in group["members"]?.AsArray() ?? [])
            {
                member!.AsObject().Remove("role");
                member.AsObject().Remove("brokerId");
                member.AsObject().Remove("lagBytes");
            }
        }
    }

    private static void Walk(JsonNode? node, long? generation)
    {
        switch (node)
        {
            case JsonObject map:
                map.Remove("lastTransitionTime");
                map.Remove("lastProbeTime");
                map.Remove("collisionCount");

                // Which pod it is, and how many there were before; CrashTests compare the list with what happened.
                map.Remove("podUid");
                map.Remove("restarts");
                if (map["observedGeneration"] is { } observed)
                {
                    map["observedGeneration"] = generation == (long)observed ? "current" : "old";
                }

                map.Remove("updateRevision");
                map.Remove("currentRevision");

                foreach (JsonNode? child in map.Select(static pair => pair.Value).ToArray())
                {
                    Walk(child, generation);
                }

                break;
            case JsonArray list:
                foreach (JsonNode? child in list)
                {
                    Walk(child, generation);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>The topics of every broker that is there.</summary>
    private static string Topics(CrashWorld world, List<JsonNode> objects, Dictionary<string, string> names)
    {
        IEnumerable<string> addresses = names.Where(name => objects.Exists(pod => (string?)pod["kind"] == "Pod" && name.Value == $"address-of-{(string?)pod["metadata"]!["name"]}")).Select(static name => name.Key);
        IEnumerable<string> topics = addresses.SelectMany(address => world.Admin.TopicsOf($"{address}:10911").Select(topic => string.Create(
            CultureInfo.InvariantCulture, $"{address} {topic.Name} {topic.ReadQueues}/{topic.WriteQueues} {topic.Permission} {topic.Order} {JsonSerializer.Serialize(topic.Attributes ?? new Dictionary<string, string>())}")));
        topics = topics.Concat(addresses.SelectMany(address => world.Admin.GroupsOf($"{address}:10911").Select(group => $"{address} group {group.Name}")));
        topics = topics.Concat(addresses.Select(address => $"{address} permission {world.Admin.Permissions.GetValueOrDefault($"{address}:10911", "6")}"));
        topics = topics.Concat(world.Admin.Values.Select(static value => $"nameservers {value.Key.Namespace} {value.Key.Key} {value.Value}"));
        topics = topics.Concat(addresses.Select(address => $"{address} live {string.Join(' ', Live(world, $"{address}:10911"))}"));
        return "---\n" + string.Join('\n', topics.Select(topic => names.Aggregate(topic, static (text, name) => text.Replace(name.Key + ' ', name.Value + ' ', StringComparison.Ordinal))).Order(StringComparer.Ordinal)) + "\n";
    }

    /// <summary>Keys that a broker was given, but for those that it has by default and those of its own file.</summary>
    private static IEnumerable<string> Live(CrashWorld world, string address) =>
        (world.Admin.Configurations.GetValueOrDefault(address) ?? []).Where(static pair => LiveKeys.IsLive(pair.Key)).Select(static pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal);

    [GeneratedRegex("^(?<of>.*)-config-[0-9a-f]{12}$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Configuration();
}
