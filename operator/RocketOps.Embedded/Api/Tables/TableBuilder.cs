using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Tables;

/// <summary>Objects as <c>meta.k8s.io</c> Tables and PartialObjectMetadata.</summary>
internal static class TableBuilder
{
    /// <param name="resource">The kind.</param>
    /// <param name="objects">Rows.</param>
    /// <param name="version">v1 or v1beta1.</param>
    /// <param name="includeObject">Metadata, None or Object.</param>
    /// <param name="metadata">List metadata of the answer.</param>
    /// <param name="now">For ages.</param>
    /// <param name="withColumns">False leaves the definitions null, as in the second and later events of a watch.</param>
    public static JsonObject Build(
        ResourceDefinition resource, IEnumerable<JsonElement> objects, string version, string includeObject, JsonObject metadata, DateTimeOffset now, bool withColumns = true)
    {
        RulesContext context = new(resource, now);
        JsonArray rows = [];
        foreach (JsonElement obj in objects)
        {
            rows.Append(new JsonObject
            {
                ["cells"] = resource.Rules.Cells(obj, context),
                ["object"] = includeObject switch
                {
                    "None" => null,
                    "Object" => JsonReading.ObjectFrom(obj),
                    _ => Partial(obj, "meta.k8s.io/" + version),
                },
            });
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/" + version,
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? Columns(resource) : null,
            ["rows"] = rows,
        };
    }

    public static JsonObject Partial(JsonElement obj, string apiVersion = "meta.k8s.io/v1") => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = apiVersion,
        ["metadata"] = JsonReading.From(obj.GetProperty("metadata")),
    };

    private static JsonArray Columns(ResourceDefinition resource)
    {
        JsonArray columns = [];
        foreach (ColumnDefinition column in resource.Columns)
        {
            columns.Append(new JsonObject
            {
                ["name"] = column.Name,
                ["type"] = column.Type,
                ["format"] = column.Format,
                ["description"] = column.Description,
                ["priority"] = column.Priority,
            });
        }

        return columns;
    }
}
