using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Events in their stored, core form; see <see cref="EventViews"/>.</summary>
internal sealed class EventRules : ResourceRules
{
    private static readonly string[] Immutable = ["involvedObject", "reason", "message", "type", "eventTime", "reportingComponent", "reportingInstance", "action", "related"];

    public override bool AllowsCreateOnUpdate => true;

    /// <summary>Runs before the names are turned into the stored ones when the request came by events.k8s.io.</summary>
    public override void ApplyDefaults(JsonObject obj)
    {
        if (obj.Text("apiVersion") == "v1")
        {
            FillStored(obj);
        }
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context) => FillStored(obj);

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        string ns = obj.Metadata().Text("namespace") ?? string.Empty;
        if (old is null)
        {
            EventViews.ValidateNamespace(obj.Child("involvedObject"), ns, errors);
        }

        // Only those written by the new API are frozen; classic ones count themselves up in place.
        if (old is null || string.IsNullOrEmpty(old.Text("eventTime")))
        {
            return;
        }

        foreach (string field in Immutable)
        {
            if (!JsonNodes.Same(obj[field], old[field]))
            {
                errors.Invalid(field, obj[field], "field is immutable");
            }
        }
    }

    public override JsonObject Zero() => new()
    {
        ["involvedObject"] = new JsonObject(),
        ["source"] = new JsonObject(),
        ["eventTime"] = null,
        ["firstTimestamp"] = null,
        ["lastTimestamp"] = null,
        ["reportingComponent"] = string.Empty,
        ["reportingInstance"] = string.Empty,
    };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        bool view = CellText.Text(obj, "apiVersion") == "events.k8s.io/v1";
        string first = CellText.TextOr(obj, CellText.Text(obj, "eventTime"), view ? "deprecatedFirstTimestamp" : "firstTimestamp");
        string last = CellText.TextOr(obj, first, view ? "deprecatedLastTimestamp" : "lastTimestamp");
        last = CellText.TextOr(obj, last, "series", "lastObservedTime");
        JsonElement involved = CellText.At(obj, view ? "regarding" : "involvedObject") ?? default;
        string source = CellText.Text(obj, view ? "deprecatedSource" : "source", "component");
        if (source.Length == 0)
        {
            source = CellText.Text(obj, view ? "reportingController" : "reportingComponent");
        }

        string host = CellText.TextOr(obj, CellText.Text(obj, "reportingInstance"), view ? "deprecatedSource" : "source", "host");
        long count = CellText.Number(obj, "series", "count") is > 0 and var series ? series : Math.Max(1, CellText.Number(obj, view ? "deprecatedCount" : "count"));
        string target = $"{CellText.Text(involved, "kind").ToLowerInvariant()}/{CellText.Text(involved, "name")}";
        return CellText.Row(
            CellText.Since(last, context, "<unknown>"),
            CellText.Text(obj, "type"),
            CellText.Text(obj, "reason"),
            target,
            CellText.Text(involved, "fieldPath"),
            host.Length > 0 ? $"{source}, {host}" : source,
            CellText.Text(obj, view ? "note" : "message").Trim(),
            CellText.Since(first, context, "<unknown>"),
            count,
            CellText.Name(obj));
    }

    private static void FillStored(JsonObject obj)
    {
        obj.SetIfAbsent("source", new JsonObject());
        obj.SetIfAbsent("reportingComponent", string.Empty);
        obj.SetIfAbsent("reportingInstance", string.Empty);
        foreach (string time in (ReadOnlySpan<string>)["eventTime", "firstTimestamp", "lastTimestamp"])
        {
            if (!obj.ContainsKey(time))
            {
                obj[time] = null;
            }
        }
    }
}
