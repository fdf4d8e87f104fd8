using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Events are one store with two views: core/v1, in which they are kept, and events.k8s.io/v1 (reference: embedded-api.md §13).</summary>
internal static class EventViews
{
    private static readonly (string Core, string View)[] Names =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
    ];

    public static bool IsView(ResourceDefinition resource) => resource is { Group: "events.k8s.io", Kind: "Event" };

    public static JsonObject FromStored(JsonObject stored)
    {
        JsonObject view = Rename(stored, core: true);
        view["apiVersion"] = "events.k8s.io/v1";
        return view;
    }

    public static JsonObject ToStored(JsonObject view)
    {
        JsonObject stored = Rename(view, core: false);
        stored["apiVersion"] = "v1";
        return stored;
    }

    /// <summary>Checks what events.k8s.io requires of new events, in its own names.</summary>
    public static void ValidateNew(JsonObject view, string ns)
    {
        FieldErrors errors = new();
        string given = view.Child("regarding")?.Text("namespace") ?? string.Empty;
        if (given.Length == 0 ? ns != "default" : given != ns)
        {
            // An event lies beside its object; one about a cluster-scoped object in default.
            errors.InvalidText("involvedObject.namespace", given, "does not match event.namespace");
        }

        if (string.IsNullOrEmpty(view.Text("eventTime")))
        {
            errors.Required("eventTime");
        }

        if (view.Text("type") is not ("Normal" or "Warning"))
        {
            errors.InvalidText("type", view.Text("type") ?? string.Empty, $"has invalid value: {view.Text("type")}");
        }

        ApiErrors.Refuse(string.Empty, "Event", view.Metadata().Text("name") ?? string.Empty, errors);
    }

    private static JsonObject Rename(JsonObject from, bool core) => new(from.Select(p =>
    {
        (string coreName, string viewName) = Names.FirstOrDefault(n => (core ? n.Core : n.View) == p.Key, (Core: p.Key, View: p.Key));
        return KeyValuePair.Create(core ? viewName : coreName, p.Value?.DeepClone());
    }));
}
