using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Embedded.Api.CustomResources;

/// <summary>
/// Objects a cluster has from the start (namespaces), and resources that CustomResourceDefinitions bring: each is served before the write
/// that made it is answered, so no client of this server ever meets a CRD that is not there yet.
/// </summary>
internal sealed class SystemObjects(ObjectStore store, ResourceRegistry registry, ObjectWriter writer, CrdReader crds, TimeProvider time)
{
    private const string CrdCollection = "apiextensions.k8s.io/customresourcedefinitions";

    private static readonly string[] Namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];

    /// <summary>Serves the stored CRDs and creates the namespaces every cluster has.</summary>
    public void Prepare()
    {
        ResourceDefinition namespaces = registry.Find(string.Empty, "v1", "namespaces")!;
        foreach (string name in Namespaces)
        {
            if (store.Get(namespaces.Collection, new ObjectName(string.Empty, name)) is null)
            {
                writer.Create(namespaces, string.Empty, Decoded(namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }), Own());
            }
        }

        foreach (StoredObject crd in store.Snapshot(CrdCollection).Objects.Values.OrderBy(c => c.Version))
        {
            registry.Put(crds.Read(crd.ToNode()));
        }
    }

    /// <summary>Checks that a CRD can be served, before it is stored.</summary>
    /// <exception cref="FormatException">It cannot.</exception>
    public void Check(JsonObject crd) => crds.Read(crd);

    /// <summary>Serves a CRD after it was written, and says so in its status.</summary>
    public void Serve(string name)
    {
        if (store.Get(CrdCollection, new ObjectName(string.Empty, name)) is not { } stored)
        {
            return;
        }

        JsonObject crd = stored.ToNode();
        registry.Put(crds.Read(crd));
        if (Establish(crd))
        {
            ResourceDefinition resource = registry.Find("apiextensions.k8s.io", "v1", "customresourcedefinitions")!;
            writer.Update(
                resource, new ObjectName(string.Empty, name), "status", Own(),
                live =>
                {
                    Establish(live!);
                    return live!;
                },
                UpdateFlags.Patch);
        }
    }

    /// <summary>The status kube-apiserver's own controllers give a CRD (reference: embedded-api.md §10.3): accepted names, NamesAccepted and Established.</summary>
    /// <returns>Whether something changed.</returns>
    private bool Establish(JsonObject crd)
    {
        JsonObject before = crd.Copy();
        JsonObject status = crd.EnsureChild("status");
        status["acceptedNames"] = crd.At("spec", "names")!.DeepClone();
        JsonArray conditions = status.Keep("conditions", _ => true);
        foreach ((string type, string reason, string message) in (ReadOnlySpan<(string, string, string)>)
            [("NamesAccepted", "NoConflicts", "no conflicts found"), ("Established", "InitialNamesAccepted", "the initial names have been accepted")])
        {
            if (!conditions.OfType<JsonObject>().Any(c => c.Text("type") == type && c.Text("status") == "True"))
            {
                string now = JsonNodes.Timestamp(time.GetUtcNow());
                conditions.Append(new JsonObject { ["lastTransitionTime"] = now, ["message"] = message, ["reason"] = reason, ["status"] = "True", ["type"] = type });
            }
        }

        status["conditions"] = conditions;
        return !JsonNodes.Same(before, crd);
    }

    public void ApplyCrds(string yaml)
    {
        ResourceDefinition resource = registry.Find("apiextensions.k8s.io", "v1", "customresourcedefinitions")!;

        // JSON is YAML, and read a lot faster as what it is.
        foreach (JsonNode document in yaml.StartsWith('{') ? [JsonReading.Parse(Encoding.UTF8.GetBytes(yaml))!] : YamlReading.ParseAll(yaml))
        {
            if (document is not JsonObject crd || crd.Text("kind") != "CustomResourceDefinition" || crd.Child("metadata")?.Text("name") is not { Length: > 0 } name)
            {
                throw new FormatException("expected a CustomResourceDefinition with a name");
            }

            JsonObject decoded = Decoded(resource, crd);
            Check(decoded);
            writer.Update(
                resource, new ObjectName(string.Empty, name), string.Empty, Own(),
                live =>
                {
                    JsonObject next = decoded.Copy();
                    next.Metadata().Take("resourceVersion", live?.Metadata() ?? []);
                    return next;
                },
                UpdateFlags.MayCreate);
            Serve(name);
        }
    }

    private static WriteOptions Own() => new() { Manager = "rocketops", FieldValidation = FieldValidation.Strict };

    private static JsonObject Decoded(ResourceDefinition resource, JsonObject obj)
    {
        // A copy through text: nodes read from YAML have the same types as those read from JSON.
        JsonObject copy = (JsonObject)JsonReading.Parse(Encoding.UTF8.GetBytes(obj.ToText()))!;
        ObjectDecoder.Decode(copy, resource, [], Own(), isCreate: true);
        return copy;
    }
}
