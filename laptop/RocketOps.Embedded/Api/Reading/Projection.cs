using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Reading;

/// <summary>
/// A stored object as one resource shows it. Nearly always the stored bytes; Events have a second view, and defaults a CRD gained after an object was
/// stored show at once, under the old resourceVersion, as on the real server.
/// </summary>
internal sealed class Projection
{
    /// <summary>Stored version → its view, per resource definition; dies with either.</summary>
    private readonly ConditionalWeakTable<ResourceDefinition, ConditionalWeakTable<StoredObject, StrongBox<JsonElement>>> _views = [];

    public JsonElement View(StoredObject stored, ResourceDefinition resource) =>
        EventViews.IsView(resource) || (resource.IsCustom && resource.Schema.HasDefaults)
            ? _views.GetValue(resource, static _ => []).GetValue(stored, s => new StrongBox<JsonElement>(Make(s, resource))).Value
            : stored.Json;

    private static JsonElement Make(StoredObject stored, ResourceDefinition resource)
    {
        JsonObject node = stored.ToNode();
        if (EventViews.IsView(resource))
        {
            return EventViews.FromStored(node).Freeze();
        }

        JsonObject before = node.Copy();
        Defaults.Apply(node, resource.Schema);
        return JsonNodes.Same(before, node) ? stored.Json : node.Freeze();
    }
}
