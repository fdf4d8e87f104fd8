using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Reading;

/// <summary>Objects as <c>meta.k8s.io</c> Tables and PartialObjectMetadata.</summary>
internal static class TableBuilder
{
    /// <param name="resource">The kind.</param>
    /// <param name="objects">Rows.</param>
    /// <param name="form">What was asked for.</param>
    /// <param name="metadata">List metadata of the answer.</param>
    /// <param name="now">For ages.</param>
    /// <param name="withColumns">False leaves the definitions null, as in the second and later events of a watch.</param>
    public static JsonObject Build(
        ResourceDefinition resource, IEnumerable<JsonElement> objects, Representation form, JsonObject metadata, DateTimeOffset now, bool withColumns = true)
    {
        RulesContext context = new(resource, now);
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = form.MetaVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? JsonNodes.Array(resource.Columns.Select(Column)) : null,
            ["rows"] = JsonNodes.Array(objects.Select(obj => new JsonObject
            {
                ["cells"] = resource.Rules.Cells(obj, context),
                ["object"] = form.IncludeObject switch
                {
                    "None" => null,
                    "Object" => JsonReading.ObjectFrom(obj),
                    _ => Partial(obj, form.MetaVersion),
                },
            })),
        };
    }

    public static JsonObject Partial(JsonElement obj, string apiVersion) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = apiVersion,
        ["metadata"] = JsonReading.From(obj.GetProperty("metadata")),
    };

    private static JsonObject Column(ColumnDefinition column) => new()
    {
        ["name"] = column.Name,
        ["type"] = column.Type,
        ["format"] = column.Format,
        ["description"] = column.Description,
        ["priority"] = column.Priority,
    };
}
